/* SPDX-License-Identifier: MIT */
/* The side that asks: one line, the devices on it, and the client that
 * decides whom to ask what. Turns verdicts into records and samples. */
#ifndef PROXY_ASK_H
#define PROXY_ASK_H

#include "gateway/outbox.h"
#include "proxy/client.h"
#include "proxy/line.h"

struct ask_owner {
	/* A device has a new complete sample, or a poll of it has failed. */
	void (*sample)(void *owner, struct device *device, struct mono now);
	void (*missed)(void *owner, struct device *device, struct mono now);
};

struct ask {
	struct line line;
	struct client client;
	struct device devices[CONFIG_DEVICES_MAX];
	unsigned devices_count;
	struct outbox *records; /* borrowed */
	const struct ask_owner *calls;
	void *owner;
	uint8_t request[RTU_ADU_MAX]; /* unit to CRC, as it was sent */
	size_t request_length;
};

/* Adds a device of this line; before ask_start. NULL: its map cannot be
 * planned. The pointer stays good. */
struct device *ask_add(struct ask *ask, const struct config_device *config,
    unsigned index, const struct map *map);

bool ask_start(struct ask *ask, struct ev_loop *loop,
    const struct config_line *config, unsigned index, struct outbox *records,
    const struct ask_owner *calls, void *owner);
void ask_stop(struct ask *ask);

#endif
