/* SPDX-License-Identifier: MIT */
#include "proxy/device.h"

#include <string.h>

#include "proxy/pdu.h"
#include "proxy/point.h"

enum { SLOW_KEPT_US = 10 * 1000 * 1000 };

bool
device_init(struct device *device, const struct config_device *config,
    unsigned index, const struct map *map)
{
	memset(device, 0, sizeof(*device));
	device->config = config;
	device->index = index;
	device->map = map;
	device->latency_us = (int64_t)config->timeout_ms * 1000 / 4;
	return image_init(&device->image, map) &&
	       plan_build(&device->plan, map);
}

static void
keep_registers(struct device *device, struct plan_block *block, uint16_t count,
    const uint8_t *bytes, struct mono at)
{
	uint16_t *registers = image_at(&device->image, block->address, count);

	for (unsigned i = 0; registers != NULL && i < count; i++)
		registers[i] = pdu_get_u16(bytes + 2 * (size_t)i);
	block->taken_count = count;
	block->taken_at = at;
}

bool
device_is_meter(const struct device *device)
{
	return device->config->role == ROLE_GRID_METER;
}

static void
take_point(struct device *device, const struct map_point *point,
    const uint8_t *bytes, struct mono at)
{
	uint16_t registers[2] = { pdu_get_u16(bytes), 0 };
	double value;

	if (map_type_words(point->type) == 2)
		registers[1] = pdu_get_u16(bytes + 2);
	if (point_decode(device->map, point, registers, &value)) {
		quantities_put(&device->values, point->quantity, value);
		device->taken[point->quantity] = at;
	} else {
		device->values.known &= ~(UINT64_C(1) << point->quantity);
	}
}

bool
device_take(struct device *device, struct plan_block *block, uint16_t count,
    const uint8_t *registers, struct mono at)
{
	const struct map *map = device->map;
	unsigned end = (unsigned)block->address + count;

	for (unsigned i = 0; i < map->points_count; i++) {
		const struct map_point *point = &map->points[i];

		if (point->address < block->address ||
		    point->address + map_type_words(point->type) > end)
			continue;
		take_point(device, point,
		    registers + 2 * (size_t)(point->address - block->address),
		    at);
	}
	keep_registers(device, block, count, registers, at);
	if (block->fast && device->plan.next_fast == 0)
		device->round_at = at;
	if (!plan_done(&device->plan, block, false))
		return false;
	device->slow_turn = true;
	device->missed = 0;
	if (!plan_started(&device->plan))
		return false;
	device->sample_at = device->round_at;
	return true;
}

/* Read in every poll, by the points that are in it. */
static bool
is_fast(const struct plan *plan, unsigned address)
{
	for (unsigned i = 0; i < plan->fast_count; i++) {
		const struct plan_block *block = &plan->blocks[i];

		if (address >= block->address &&
		    address < (unsigned)block->address + block->count)
			return true;
	}
	return false;
}

/* A slow read that runs on into fast registers is no younger for that. */
static bool
is_known(const struct plan *plan, unsigned address, int64_t max_age_us,
    struct mono now)
{
	bool fast = is_fast(plan, address);

	for (unsigned i = 0; i < plan->count; i++) {
		const struct plan_block *block = &plan->blocks[i];
		unsigned end = (unsigned)block->address + block->taken_count;

		if (address >= block->address && address < end &&
		    mono_diff_us(now, block->taken_at) <=
			(fast || block->fast ? max_age_us : SLOW_KEPT_US))
			return true;
	}
	return false;
}

bool
device_knew(const struct plan *plan, uint16_t address, unsigned count,
    int64_t max_age_us, struct mono now)
{
	for (unsigned i = 0; i < count; i++) {
		if (!is_known(plan, address + i, max_age_us, now))
			return false;
	}
	return true;
}

const uint16_t *
device_recall(const struct device *device, uint16_t address, unsigned count,
    int64_t max_age_us, struct mono now)
{
	return device_knew(&device->plan, address, count, max_age_us, now)
	           ? image_read(&device->image, address, count)
	           : NULL;
}

void
device_refuse(struct device *device, struct plan_block *block)
{
	plan_done(&device->plan, block, true);
}

void
device_miss(struct device *device)
{
	plan_restart(&device->plan);
	device->missed++;
}

void
device_forget_old(struct device *device, struct mono now)
{
	for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
		if (mono_diff_us(now, device->taken[i]) > SLOW_KEPT_US)
			device->values.known &= ~(UINT64_C(1) << i);
	}
}
