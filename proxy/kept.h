/* SPDX-License-Identifier: MIT */
/*
 * Registers of a shown meter that are not measured: the constants that tell its
 * model, and the settings that an inverter may write (map->writes). Some
 * inverters configure their meter at start and give it up when that is refused;
 * what they write is kept in the image, comes back when it is read, and changes
 * nothing else. It is gone after a restart, as they write it again then.
 */
#ifndef PROXY_KEPT_H
#define PROXY_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/image.h"
#include "proxy/pdu.h"

/* Lays the constants into a fresh image. */
void kept_lay(struct image *image);

/* The registers of a read: a constant's that is answered only alone, when just
 * that is asked for; else the image's. NULL: not in the map. */
const uint16_t *kept_read(
    const struct image *image, const struct pdu_request *request);

/* Is it a write, of a meter that takes any? */
bool kept_is_write(const struct map *map, uint8_t function);

/*
 * Keeps what a good request writes. PDU_ILLEGAL_ADDRESS, and nothing kept, when
 * part of it may not be written.
 */
enum pdu_exception kept_write(
    struct image *image, const struct pdu_request *request, const uint8_t *pdu);

/* The reply to a write that was kept: its length. */
size_t kept_reply(const uint8_t *pdu, uint8_t reply[static PDU_MAX]);

#endif
