/* SPDX-License-Identifier: MIT */
/* The side that asks: one line, the devices on it, and the client that
 * decides whom to ask what. Turns verdicts into records and samples. */
#ifndef PROXY_ASK_H
#define PROXY_ASK_H

#include "gateway/outbox.h"
#include "proxy/client.h"
#include "proxy/errand.h"
#include "proxy/line.h"
#include "proxy/tally.h"

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
	struct outbox *records; /* borrowed, as is the tally */
	struct tally *tally;
	const struct ask_owner *calls;
	void *owner;
	uint8_t request[RTU_ADU_MAX]; /* unit to CRC, as it was sent */
	size_t request_length;
	bool sent; /* the driver took all of it */
};

/* Carries an errand; its done is called later, never from within. False: the
 * line is down or has too many, and the errand stays the caller's. */
bool ask_carry(struct ask *ask, struct errand *errand);
/* Whoever wanted it is gone: its done will not be called. */
void ask_forget(struct ask *ask, struct errand *errand);
/* Is the line open? */
bool ask_is_up(const struct ask *ask);

/* Adds a device of this line; before ask_start. NULL: its map cannot be
 * planned. The pointer stays good. */
struct device *ask_add(struct ask *ask, const struct config_device *config,
    unsigned index, const struct map *map);

bool ask_start(struct ask *ask, struct ev_loop *loop,
    const struct config_line *config, unsigned index, struct outbox *records,
    const struct ask_owner *calls, void *owner);
void ask_stop(struct ask *ask);

#endif
