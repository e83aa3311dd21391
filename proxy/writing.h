/* SPDX-License-Identifier: MIT */
/* A value on its way into a device: may it be written, and by which request.
 * Pure. */
#ifndef PROXY_WRITING_H
#define PROXY_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/map.h"
#include "proxy/pdu.h"
#include "proxy/span.h"
#include "proxy/value.h"

/*
 * May this be written? False, with the reason. force: by a person who was told
 * that nobody knows the point's range, or that the witnesses disagree; what is
 * out of a known range is never written.
 */
bool writing_check(const struct map_entry *entry, const struct value *value,
    bool force, char *reason, unsigned size);

/* The request that writes these registers, or coils; its length. */
size_t writing_request(uint8_t pdu[static PDU_MAX],
    const struct map_entry *entry, const struct span *place,
    const uint16_t *words);

#endif
