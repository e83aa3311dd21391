/* SPDX-License-Identifier: MIT */
#include "proxy/sunspec.h"

#include <stddef.h>

enum {
	MARK_HIGH = 0x5375, /* "SunS" */
	MARK_LOW = 0x6e53,
	MARK = 2, /* registers */
	END = 0xffff,
	REGISTERS = 65536,
};

void
sunspec_start(struct sunspec *chain, const struct map *map)
{
	chain->map = map;
	chain->base = 0;
	chain->marked = false;
	chain->done = map->bases_count == 0;
	chain->count = 0;
	chain->next = 0;
}

bool
sunspec_next(const struct sunspec *chain, struct span *read)
{
	const struct map *map = chain->map;

	if (chain->done)
		return false;
	read->function = map->function;
	read->begin = chain->marked ? chain->next : map->bases[chain->base];
	read->end =
	    read->begin + (chain->marked ? SUNSPEC_HEAD : MARK + SUNSPEC_HEAD);
	return true;
}

/* A model of length 0 is what some devices end with. */
static void
take_head(struct sunspec *chain, uint32_t head, const uint16_t *words)
{
	uint32_t end = head + SUNSPEC_HEAD + words[1];

	if (words[0] == END || words[1] == 0 || end > REGISTERS) {
		chain->done = true;
		return;
	}
	chain->models[chain->count++] =
	    (struct sunspec_model){ words[0], (uint16_t)head, end };
	chain->next = end;
	chain->done = chain->count == SUNSPEC_MODELS_MAX ||
	              end > REGISTERS - SUNSPEC_HEAD;
}

void
sunspec_take(struct sunspec *chain, const uint16_t *words)
{
	if (chain->marked) {
		take_head(chain, chain->next, words);
	} else if (words[0] == MARK_HIGH && words[1] == MARK_LOW) {
		chain->marked = true;
		take_head(chain,
		    (uint32_t)chain->map->bases[chain->base] + MARK,
		    words + MARK);
	} else {
		sunspec_refuse(chain);
	}
}

void
sunspec_refuse(struct sunspec *chain)
{
	if (chain->marked || ++chain->base == chain->map->bases_count)
		chain->done = true;
}

const struct sunspec_model *
sunspec_find(const struct sunspec *chain, uint16_t number)
{
	for (unsigned i = 0; i < chain->count; i++) {
		if (chain->models[i].number == number)
			return &chain->models[i];
	}
	return NULL;
}
