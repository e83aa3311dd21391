/* SPDX-License-Identifier: MIT */
/* What both of libmodbus's blocking ends share. */
#ifndef HOUSE_PEER_H
#define HOUSE_PEER_H

#include <modbus.h>
#include <stdint.h>

/*
 * A connected RTU context on that tty, unit set. A pause of some
 * 30 ms within a frame ends it. NULL: reason on stderr.
 */
modbus_t *peer_connect(
    const char *path, uint32_t baud, int unit, uint32_t response_ms);

/* "ok", "timeout", "exception 2", "broken": what an errno of libmodbus says. */
const char *peer_result(int error);

/* CRC-16 of a frame, low byte first on the wire. */
unsigned peer_crc(const uint8_t *bytes, int length);

/* Forgets what arrived and was not read. */
void peer_drain(modbus_t *peer);

#endif
