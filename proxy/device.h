/* SPDX-License-Identifier: MIT */
/*
 * A device that we ask: its map, its plan, and what it last said. Pure; the
 * only times here are when the last byte of a good answer was read. Attempts
 * and failures never make a value younger.
 */
#ifndef PROXY_DEVICE_H
#define PROXY_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/message.h"
#include "policy/quantity.h"
#include "proxy/beat.h"
#include "proxy/image.h"
#include "proxy/map.h"
#include "proxy/plan.h"

struct device {
	const struct config_device *config;
	const struct map *map;
	unsigned index;
	struct plan plan;

	struct image image; /* its registers as they last came */
	struct quantities values;
	struct mono taken[QUANTITY_COUNT];
	struct mono round_at; /* oldest answer of the running fast round */
	struct mono sample_at; /* of the last complete sample; 0: none yet */
	uint32_t missed; /* samples in a row that did not come */

	/* Pacing; moved by client.c. */
	struct mono due;
	struct mono polled; /* begin of the last fast round */
	/* Of the inverter that its samples are for; NULL: none. Borrowed. */
	const struct beat *beat;
	struct mono slow_at; /* last slow read */
	bool slow_turn; /* a fast round ended since the last slow read */
	uint32_t timeouts; /* in a row */
	int64_t latency_us; /* slowest answer of late, forgotten slowly */

	struct message_side counts;
};

/* Of the power at the grid connection, which goes before all else. */
bool device_is_meter(const struct device *device);

/* False: the map is too scattered to plan. */
bool device_init(struct device *device, const struct config_device *config,
    unsigned index, const struct map *map);

/*
 * Takes the answer to a read of count registers at block->address. True: this
 * completed a sample (every fast quantity anew, every slow one at least once).
 * Registers that hold no number make their quantity unknown.
 */
bool device_take(struct device *device, struct plan_block *block,
    uint16_t count, const uint8_t *registers, struct mono at);

/*
 * The registers from address on as they last came, or NULL unless all of them
 * did, those read in every poll within max_age_us and the rest within 10 s.
 */
const uint16_t *device_recall(const struct device *device, uint16_t address,
    unsigned count, int64_t max_age_us, struct mono now);

/* The same by a copy of its plan, for whoever keeps a copy of its image. */
bool device_knew(const struct plan *plan, uint16_t address, unsigned count,
    int64_t max_age_us, struct mono now);

/* The device refused the block (exception 1, 2 or 3): do without. */
void device_refuse(struct device *device, struct plan_block *block);

/* A fast read failed: the round starts again, and a sample was missed. */
void device_miss(struct device *device);

/* Slow values older than 10 s are no longer known. */
void device_forget_old(struct device *device, struct mono now);

#endif
