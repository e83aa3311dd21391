/* SPDX-License-Identifier: MIT */
/*
 * Reading by name: from the points that are wanted to the fewest requests, and
 * from what the device answers to their values. Pure.
 *
 * A request holds registers of one function, at most words_max of them, and
 * runs over others as far as the ground (ground.h) bears it.
 *
 * A value lies in one request whole. With it comes the point that scales it.
 */
#ifndef PROXY_READING_H
#define PROXY_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/ground.h"
#include "proxy/map.h"
#include "proxy/span.h"
#include "proxy/sunspec.h"
#include "proxy/value.h"

enum reading_state {
	READING_WAITS,
	READING_TAKEN,
	READING_ABSENT, /* the device does not have its model */
	READING_BARRED, /* it cannot be read: a hole, or longer than a read */
	READING_REFUSED, /* by an exception */
	READING_SILENT, /* no answer */
};

struct reading_item {
	uint16_t entry; /* of the map */
	enum reading_state state;
	uint8_t exception; /* REFUSED */
	uint16_t read; /* the request that brings it */
	struct span span; /* where it stands in this device */
	uint16_t words[MAP_WORDS_MAX];
};

struct reading {
	const struct ground *ground; /* borrowed */
	const struct sunspec *chain; /* the same; NULL: not known yet */
	bool apart; /* each in a request of its own */
	unsigned size; /* entries that can be wanted at once */
	unsigned items_count;
	struct reading_item *items; /* owned, as is all below */
	uint16_t *order; /* of the items, by their place */
	unsigned reads_count;
	struct span *reads;
};

/* Makes room for `size` points at once, with those that scale them; the only
 * allocation. False: no memory. */
bool reading_init(struct reading *reading, unsigned size);
void reading_free(struct reading *reading);

/* Nothing is wanted any more. */
void reading_start(struct reading *reading, const struct ground *ground);

/* Wants a readable entry of the map, and the one that scales it. Once or
 * twice is the same. False: there is no room. */
bool reading_want(struct reading *reading, unsigned entry);

/* Some of it can only be found when the chain is known. */
bool reading_needs_chain(const struct reading *reading);

/* Makes the requests, in order. chain: all known; may be NULL when nobody
 * needs it, and must stay. apart: each point in a request of its own. */
void reading_plan(
    struct reading *reading, const struct sunspec *chain, bool apart);

/* The registers of a request have come, all of them. */
void reading_take(
    struct reading *reading, unsigned read, const uint16_t *words);
/* The device refused it. What was read together is asked for one by one, in
 * requests behind the others. */
void reading_refuse(struct reading *reading, unsigned read, uint8_t exception);
/* It did not answer. */
void reading_fail(struct reading *reading, unsigned read);

/* What became of an entry that was wanted; TAKEN: *value is it. */
enum reading_state reading_value(
    const struct reading *reading, unsigned entry, struct value *value);

/* The registers of an entry; NULL unless TAKEN. */
const uint16_t *reading_words(const struct reading *reading, unsigned entry);

/* The power of ten that scales an entry; false when it is not known. */
bool reading_scale10(
    const struct reading *reading, unsigned entry, int *scale10);

/* Why there is no value, for people: "no answer". */
void reading_why(
    const struct reading *reading, unsigned entry, char *text, unsigned size);

#endif
