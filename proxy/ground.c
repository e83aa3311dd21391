/* SPDX-License-Identifier: MIT */
#include "proxy/ground.h"

#include <stddef.h>
#include <stdlib.h>

enum { REGISTERS = 65536 };

/* --- what is known to be there --------------------------------------------
 */

bool
ground_before(const struct span *a, const struct span *b)
{
	if (a->function != b->function)
		return a->function < b->function;
	return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
}

/* Files list points nearly in order. */
static void
insert(struct ground *ground, uint8_t function, uint32_t begin, uint32_t count)
{
	struct span span = { function, begin, begin + count };
	unsigned at = ground->known_count++;

	for (; at > 0 && ground_before(&span, &ground->known[at - 1]); at--)
		ground->known[at] = ground->known[at - 1];
	ground->known[at] = span;
}

/* Makes one of those that touch or meet. */
static void
unite(struct ground *ground)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < ground->known_count; i++) {
		const struct span *span = &ground->known[i];
		struct span *last = kept > 0 ? &ground->known[kept - 1] : NULL;

		if (last == NULL || last->function != span->function ||
		    span->begin > last->end)
			ground->known[kept++] = *span;
		else if (span->end > last->end)
			last->end = span->end;
	}
	ground->known_count = kept;
}

static bool
only_read(const struct map *map)
{
	return map->kind != MAP_METER;
}

bool
ground_init(struct ground *ground, const struct map *map)
{
	*ground = (struct ground){ .map = map };
	ground->known = calloc(
	    map->entries_count + map->blocks_count + 1u, sizeof(struct span));
	if (ground->known == NULL)
		return false;
	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (entry->readable && entry->model == 0)
			insert(ground, entry->function, entry->address,
			    entry->words);
	}
	for (unsigned i = 0; only_read(map) && i < map->blocks_count; i++)
		insert(ground, map->function, map->blocks[i].address,
		    map->blocks[i].count);
	unite(ground);
	return true;
}

void
ground_free(struct ground *ground)
{
	free(ground->known);
	ground->known = NULL;
}

/* --- what may be read together --------------------------------------------
 */

/* The first one that ends behind `at`. */
static unsigned
find_known(const struct ground *ground, uint8_t function, uint32_t at)
{
	unsigned low = 0, high = ground->known_count;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		const struct span *span = &ground->known[middle];

		if (span->function < function ||
		    (span->function == function && span->end <= at))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Widens a piece of known registers around its begin, or, while it is empty,
 * brings the next one nearer. */
struct piece {
	uint32_t at;
	uint32_t until; /* known up to here; `at`: not known */
	uint32_t next; /* where something is known again */
};

static void
note_known(struct piece *piece, uint32_t begin, uint32_t end)
{
	if (begin <= piece->at && end > piece->until)
		piece->until = end;
	else if (begin > piece->at && begin < piece->next)
		piece->next = begin;
}

static struct piece
look(const struct ground *ground, const struct sunspec *chain, uint8_t function,
    uint32_t at)
{
	struct piece piece = { at, at, REGISTERS };
	unsigned i = find_known(ground, function, at);

	if (i < ground->known_count && ground->known[i].function == function)
		note_known(
		    &piece, ground->known[i].begin, ground->known[i].end);
	if (chain == NULL || function != ground->map->function)
		return piece;
	for (unsigned k = 0; k < chain->count; k++)
		note_known(&piece, chain->models[k].head, chain->models[k].end);
	return piece;
}

/* How many in a row that nobody knows; outside its blocks a meter has none. */
static unsigned
hole_max(const struct map *map, uint8_t function, uint32_t at)
{
	if (only_read(map) || function != map->function)
		return map->hole_max;
	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];

		if (at >= block->address &&
		    at < (uint32_t)block->address + block->count)
			return map->hole_max;
	}
	return 0;
}

static bool
may_cross(const struct ground *ground, const struct sunspec *chain,
    uint8_t function, uint32_t from, uint32_t to)
{
	while (from < to) {
		struct piece piece = look(ground, chain, function, from);

		if (piece.until == from) {
			piece.until = piece.next < to ? piece.next : to;
			if (piece.until - from >
			    hole_max(ground->map, function, from))
				return false;
		}
		from = piece.until;
	}
	return true;
}

bool
ground_in_hole(const struct map *map, const struct span *span)
{
	for (unsigned i = 0; i < map->holes_count; i++) {
		const struct map_hole *hole = &map->holes[i];
		struct span barred = { hole->function, hole->address,
			(uint32_t)hole->address + hole->count };

		if (span_touches(span, &barred))
			return true;
	}
	return false;
}

static bool
leaves_block(const struct map *map, const struct span *span)
{
	if (only_read(map) || span->function != map->function)
		return false;
	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];
		struct span inner = { map->function, block->address,
			(uint32_t)block->address + block->count };

		if (span_touches(span, &inner) && !span_holds(&inner, span))
			return true;
	}
	return false;
}

bool
ground_joins(const struct ground *ground, const struct sunspec *chain,
    const struct span *from, const struct span *next)
{
	struct span all = { from->function, from->begin, next->end };

	return !leaves_block(ground->map, &all) &&
	       !ground_in_hole(ground->map, &all) &&
	       may_cross(ground, chain, from->function, from->end, next->begin);
}

bool
ground_place(const struct map *map, const struct sunspec *chain, unsigned entry,
    struct span *span)
{
	const struct map_entry *wanted = &map->entries[entry];
	const struct sunspec_model *model = NULL;
	uint32_t begin = wanted->address;

	if (wanted->model != 0) {
		if (chain != NULL)
			model = sunspec_find(chain, wanted->model);
		if (model == NULL)
			return false;
		begin += model->head;
	}
	*span = (struct span){ wanted->function, begin, begin + wanted->words };
	/* A device may have less of a model than others. */
	return span->end <= (model != NULL ? model->end : REGISTERS);
}
