/* SPDX-License-Identifier: MIT */
/*
 * Registers that are read together. Ranges that are wanted come in order of
 * their begin and are merged into as few reads as may be: a read goes on as
 * long as the rules let it.
 *
 * That is the fewest there can be, as long as a part of an allowed read is
 * allowed too: whoever brings the first range that is left begins no later than
 * it, gains nothing by beginning earlier, and loses nothing by going further.
 */
#ifndef PROXY_SPAN_H
#define PROXY_SPAN_H

#include <stdbool.h>
#include <stdint.h>

struct span {
	uint8_t function;
	uint32_t begin;
	uint32_t end; /* the first one behind; up to 65536 */
};

struct span_rules {
	unsigned words_max;
	/* May a read of `from` go on and take in `next`, with what lies
	 * between them? Their length is looked at already. */
	bool (*may_join)(const void *context, const struct span *from,
	    const struct span *next);
	const void *context;
};

struct span_list {
	struct span *spans; /* borrowed */
	unsigned size;
	unsigned count;
};

static inline unsigned
span_length(const struct span *span)
{
	return span->end - span->begin;
}

static inline bool
span_holds(const struct span *outer, const struct span *inner)
{
	return outer->function == inner->function &&
	       outer->begin <= inner->begin && inner->end <= outer->end;
}

static inline bool
span_touches(const struct span *a, const struct span *b)
{
	return a->function == b->function && a->begin < b->end &&
	       b->begin < a->end;
}

/* Takes a range that begins no earlier than the one before, of the same
 * function or a later one, into the last span, or into a new one. False: there
 * is no room for one more. */
bool span_add(struct span_list *list, const struct span *next,
    const struct span_rules *rules);

#endif
