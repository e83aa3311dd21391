/* SPDX-License-Identifier: MIT */
/*
 * Where the models of a SunSpec device stand: the mark "SunS" is looked for at
 * the map's bases, behind it follow the models, each with its number and its
 * length in front, up to the end mark. Pure: says what to read, and takes what
 * came.
 */
#ifndef PROXY_SUNSPEC_H
#define PROXY_SUNSPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"
#include "proxy/span.h"

enum {
	SUNSPEC_MODELS_MAX = 64,
	SUNSPEC_HEAD = 2, /* registers: number and length */
};

struct sunspec_model {
	uint16_t number;
	uint16_t head; /* address of the register with the number */
	uint32_t end; /* the first register behind it */
};

struct sunspec {
	const struct map *map; /* borrowed */
	unsigned base; /* which of the map's is tried */
	bool marked; /* the mark was found */
	bool done;
	uint32_t next; /* where the next model's head is */
	unsigned count;
	struct sunspec_model models[SUNSPEC_MODELS_MAX];
};

void sunspec_start(struct sunspec *chain, const struct map *map);

/* What to read now. False: all is known that there is. */
bool sunspec_next(const struct sunspec *chain, struct span *read);

/* The registers that sunspec_next wanted. */
void sunspec_take(struct sunspec *chain, const uint16_t *words);
/* The device does not have them. */
void sunspec_refuse(struct sunspec *chain);

/* The first one of that number; NULL when the device has none, or it is not
 * known yet. */
const struct sunspec_model *sunspec_find(
    const struct sunspec *chain, uint16_t number);

#endif
