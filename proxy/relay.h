/* SPDX-License-Identifier: MIT */
/*
 * Who answers a Modbus TCP client: a shown meter and the box itself at once,
 * from memory; a device from memory too while all that was asked for is there
 * and fresh, and otherwise over its line, as an errand. So does an inline shown
 * meter with what it would pass on.
 *
 * The unit id that clients say need not be the one on the line. Reading is
 * always allowed, writing only where the configuration says so; what is
 * neither (diagnostics, functions of one maker) counts as writing. What we
 * answer ourselves:
 *
 *	01  a write that is not allowed
 *	02  a write outside write_ranges
 *	03, 02  a malformed request, as a device would
 *	06  too many wait for the line, or this one waited for too long
 *	0A  nobody has this unit id; the line is down
 *	0B  the device did not answer; a shown meter that is silent
 *
 * A client has one request here at a time, so a line's queue holds at most
 * one errand of each, and they take turns: who sends many waits as long as
 * who sends one.
 *
 * Recording: what goes over a line is recorded there. What is answered here is
 * recorded with side TXN_CLIENT, at most RELAY_RECORDS_PER_S of them each
 * second: a flood of questions must not push the lines' records out of the
 * ring. How many were left out is counted (box.h) and told in an event at most
 * once a minute.
 */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/outbox.h"
#include "proxy/ask.h"
#include "proxy/box.h"
#include "proxy/errand.h"
#include "proxy/mbap.h"
#include "proxy/shown.h"

enum {
	RELAY_RECORDS_PER_S = 200,
	RELAY_WAIT_MS = 3000, /* longest wait for the line */
	/* Registers of a device that are read with every poll; see device.h. */
	RELAY_FRESH_MS = 1500,
};

struct relay_unit {
	const struct config_unit *config;
	struct ask *ask; /* of the device; borrowed, as are these: */
	const struct device *device; /* NULL: nothing is carried */
	struct shown *shown;
};

struct relay {
	struct relay_unit units[CONFIG_UNITS_MAX];
	uint8_t places[256]; /* in units, by id; CONFIG_UNITS_MAX: nobody */
	struct outbox *records; /* borrowed */
	struct box box;

	struct mono second; /* begin of the one we count in */
	unsigned recorded; /* in it */
	uint32_t untold; /* not recorded, nor told of */
	struct mono told;
};

/* One who asks. The memory must stay until relay_forget, or the reply. */
struct relay_client {
	/* The reply to what relay_ask could not answer at once; good until it
	 * returns. It may ask anew from within. */
	void (*answered)(
	    struct relay_client *client, const uint8_t *pdu, size_t length);
	void *owner; /* the caller's */
	struct relay *relay;
	const struct relay_unit *unit; /* that it waits for; NULL: none */
	uint8_t id; /* as the client said it */
	struct errand errand;
};

/* What the units are made of: by line, and by shown meter. Borrowed. */
struct relay_parts {
	struct ask *asks;
	struct shown *shown;
	struct outbox *records;
};

/* config->modbus_tcp must be there; the devices too. */
void relay_init(struct relay *relay, const struct config *config,
    const struct relay_parts *parts, struct mono now);

/*
 * Asks what stands in a frame that was complete at `at`. True: the reply's PDU
 * is in reply. False: client->answered will bring it, never from within.
 */
bool relay_ask(struct relay *relay, struct relay_client *client,
    const struct mbap_frame *frame, struct mono at,
    uint8_t reply[static PDU_MAX], size_t *reply_length);

/* The client is gone, or wants no reply any more. */
void relay_forget(struct relay_client *client);

#endif
