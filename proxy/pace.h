/* SPDX-License-Identifier: MIT */
/*
 * When a device is asked, and how long its answer is waited for. Pure.
 *
 * The timeout follows the device: four times its slowest answer of late,
 * between 60 ms and the configured timeout_ms. Every fourth try after a
 * timeout waits for the full timeout_ms, for a device that became slower.
 *
 * Just in time: where the inverter's questions keep a beat, the polls of its
 * meter are moved so that one of them ends a little before the next question,
 * with the ones between spread evenly, and room among them for slow reads.
 *
 *   question            |                             |
 *   polls        [====] |   [====]   [====]   [====]  |
 *                     margin
 */
#ifndef PROXY_PACE_H
#define PROXY_PACE_H

#include "proxy/device.h"
#include "proxy/exchange.h"

/* For the next request; block NULL: for somebody else's errand. The fewer
 * lengths the answers of a block can have, the longer a late one must be
 * waited for. */
struct exchange_timing pace_timing(
    const struct device *device, const struct plan_block *block, bool alone);

/* A read's time from its first byte to the last of its answer. */
int64_t pace_read_us(const struct exchange_wire *wire,
    const struct device *device, uint16_t count);

/* An answer of so many bytes (unit to CRC) came. */
void pace_learn(struct device *device, const struct exchange *exchange,
    size_t reply_bytes, struct mono at);

/* Sets the next poll after a fast round: a period after this one was due, not
 * after its answer; but polls that could not be kept are not made up for. */
void pace_next(
    const struct exchange_wire *wire, struct device *device, struct mono now);

/* Moves the next poll to the inverter's beat, if there is one. */
void pace_align(
    const struct exchange_wire *wire, struct device *device, struct mono now);

/* After a timeout. Alone on its line a silent device costs nobody anything,
 * and is wanted back soon; with neighbours it takes them less than a tenth of
 * their time. */
void pace_back_off(
    struct device *device, bool alone, int64_t cost_us, struct mono now);

/* It has been silent for long, and is left alone for now. */
bool pace_is_resting(const struct device *device, struct mono now);

#endif
