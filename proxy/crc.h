/* SPDX-License-Identifier: MIT */
/* CRC-16/MODBUS. On the wire the low byte comes first. */
#ifndef PROXY_CRC_H
#define PROXY_CRC_H

#include <stddef.h>
#include <stdint.h>

uint16_t crc_modbus(const uint8_t *bytes, size_t length);

/* Puts it behind the bytes, where there must be room for two more. */
void crc_append(uint8_t *bytes, size_t length);

#endif
