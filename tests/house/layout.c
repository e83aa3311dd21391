/* SPDX-License-Identifier: MIT */
#include "tests/house/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A SunSpec chain: "SunS", then models of head (id, length) and body, then the
 * end mark. A stranger stands in it, for readers that count on an order.
 */
enum {
	MARK_WORDS = 2,
	HEAD_WORDS = 2,
	COMMON = 1,
	COMMON_LENGTH = 66,
	STRANGER = 64999,
	STRANGER_LENGTH = 7,
	LAST = 0xffff,
	MODELS_MAX = 64,
	HOLDING = 3,
};

struct model {
	unsigned id;
	unsigned length; /* of the body */
	unsigned head; /* its address */
};

struct chain {
	unsigned base;
	unsigned count;
	struct model models[MODELS_MAX];
};

static bool
stands(const struct map *map, unsigned i)
{
	return map->entries[i].readable || map->entries[i].write_function != 0;
}

/* The model of that id, made when there was none. */
static struct model *
model_of(struct chain *chain, unsigned id)
{
	for (unsigned i = 0; i < chain->count; i++)
		if (chain->models[i].id == id)
			return &chain->models[i];
	if (chain->count == MODELS_MAX)
		return NULL;
	chain->models[chain->count] = (struct model){ .id = id };
	return &chain->models[chain->count++];
}

static bool
build_chain(const struct device *device, uint64_t seed, struct chain *chain)
{
	const struct map *map = &device->map;
	unsigned at;

	*chain = (struct chain){ 0 };
	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];
		unsigned end = entry->address + entry->words;
		struct model *model;

		if (entry->model == 0)
			continue;
		if (chain->count == 0) {
			chain->models[0] = (struct model){ .id = COMMON,
				.length = COMMON_LENGTH };
			chain->models[1] = (struct model){ .id = STRANGER,
				.length = STRANGER_LENGTH };
			chain->count = 2;
		}
		model = model_of(chain, entry->model);
		if (model == NULL)
			return false;
		if (end > HEAD_WORDS + model->length)
			model->length = end - HEAD_WORDS;
	}
	/* Signs say where they stand: then it is the first place. */
	if (map->bases_count > 0)
		chain->base =
		    map->bases[map->signs_count > 0 ? 0
						    : seed % map->bases_count];
	at = chain->base + MARK_WORDS;
	for (unsigned i = 0; i < chain->count; i++) {
		chain->models[i].head = at;
		at += HEAD_WORDS + chain->models[i].length;
	}
	return at + HEAD_WORDS <= DEVICE_SPACE;
}

/* All of it can be read, from the mark to the end. */
static void
know_chain(struct device *device, const struct chain *chain)
{
	const struct model *last;

	if (chain->count == 0)
		return;
	last = &chain->models[chain->count - 1];
	device_know(device, HOLDING, chain->base,
	    last->head + HEAD_WORDS + last->length + HEAD_WORDS - chain->base,
	    DEVICE_THERE);
}

static void
stamp_pair(struct device *device, unsigned at, unsigned first, unsigned second)
{
	device_set_word(device, HOLDING, at, (uint16_t)first);
	device_set_word(device, HOLDING, at + 1, (uint16_t)second);
}

static void
stamp_chain(struct device *device, const struct chain *chain)
{
	unsigned at = chain->base + MARK_WORDS;

	if (chain->count == 0)
		return;
	stamp_pair(device, chain->base, 'S' * 256 + 'u', 'n' * 256 + 'S');
	for (unsigned i = 0; i < chain->count; i++) {
		const struct model *model = &chain->models[i];

		stamp_pair(device, model->head, model->id, model->length);
		at = model->head + HEAD_WORDS + model->length;
	}
	stamp_pair(device, at, LAST, 0);
}

/* 0 of what is no model. */
static unsigned
head_of(const struct chain *chain, unsigned id)
{
	for (unsigned i = 0; id != 0 && i < chain->count; i++)
		if (chain->models[i].id == id)
			return chain->models[i].head;
	return 0;
}

static bool
place_entries(struct device *device, const struct chain *chain)
{
	const struct map *map = &device->map;

	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];
		unsigned at = head_of(chain, entry->model) + entry->address;

		if (at + entry->words > DEVICE_SPACE)
			return false;
		device->at[i] = (uint16_t)at;
	}
	return true;
}

static bool
is_number(const struct map_entry *entry)
{
	return entry->type != MAP_STRING && entry->type != MAP_BYTES;
}

static void
know_entry(struct device *device, unsigned i)
{
	const struct map_entry *entry = &device->map.entries[i];

	device_know(
	    device, entry->function, device->at[i], entry->words, DEVICE_THERE);
	if (is_number(entry))
		device_know(device, entry->function, device->at[i] + 1U,
		    entry->words - 1U, DEVICE_MORE);
}

/* Where nothing is read, but something is written. */
static void
hide_entry(struct device *device, unsigned i)
{
	const struct map_entry *entry = &device->map.entries[i];

	for (unsigned j = 0; j < entry->words; j++) {
		unsigned at = device->at[i] + j;

		if (device->known[entry->function][at] == 0)
			device_know(
			    device, entry->function, at, 1, DEVICE_HOLE);
	}
}

static void
know_entries(struct device *device)
{
	const struct map *map = &device->map;

	for (unsigned i = 0; i < map->entries_count; i++)
		if (map->entries[i].readable)
			know_entry(device, i);
	for (unsigned i = 0; i < map->entries_count; i++)
		if (!map->entries[i].readable)
			hide_entry(device, i);
}

/*
 * A read may run across a few registers that no point names, between some
 * that a point does. What a meter has is in its blocks.
 */
static void
know_gaps(struct device *device, unsigned function)
{
	const struct map *map = &device->map;
	uint8_t *known = device->known[function];
	unsigned last = 0;
	bool any = false;

	if (map->kind == MAP_METER && function == map->function)
		return;
	for (unsigned at = 0; at < DEVICE_SPACE; at++) {
		if (known[at] == 0)
			continue;
		if (any && (known[at] & DEVICE_THERE) != 0 &&
		    at - last - 1 <= map->hole_max)
			device_know(device, function, last + 1, at - last - 1,
			    DEVICE_THERE);
		last = at;
		any = (known[at] & DEVICE_THERE) != 0;
	}
}

static unsigned
sign_words(const struct map_sign *sign)
{
	return sign->text == NULL ? 1 : (unsigned)(strlen(sign->text) + 1) / 2;
}

static void
know_rest(struct device *device)
{
	const struct map *map = &device->map;

	for (unsigned i = 0; i < map->blocks_count; i++)
		device_know(device, map->function, map->blocks[i].address,
		    map->blocks[i].count, DEVICE_THERE);
	for (unsigned i = 0; i < map->constants_count; i++)
		device_know(device, map->function, map->constants[i].address,
		    map->constants[i].count, DEVICE_THERE);
	for (unsigned i = 0; i < map->signs_count; i++)
		device_know(device, map->signs[i].function,
		    map->signs[i].address, sign_words(&map->signs[i]),
		    DEVICE_THERE);
	for (unsigned i = 0; i < map->holes_count; i++)
		device_know(device, map->holes[i].function,
		    map->holes[i].address, map->holes[i].count, DEVICE_HOLE);
}

bool
layout_place(struct device *device, uint64_t seed)
{
	struct chain chain;

	if (!build_chain(device, seed, &chain) ||
	    !place_entries(device, &chain)) {
		fprintf(stderr, "house: %s: it does not fit\n", device->name);
		return false;
	}
	know_entries(device);
	for (unsigned f = 1; f < DEVICE_FUNCTIONS; f++)
		know_gaps(device, f);
	know_rest(device);
	know_chain(device, &chain);
	return true;
}

/* What tells the model */

static void
stamp_sign(struct device *device, const struct map_sign *sign)
{
	size_t length = sign->text == NULL ? 0 : strlen(sign->text);

	if (sign->text == NULL)
		device_set_word(device, sign->function, sign->address,
		    (uint16_t)(sign->min + (sign->max - sign->min) / 2));
	for (size_t i = 0; i < length; i += 2) {
		unsigned high = (unsigned char)sign->text[i];
		/* The 0 behind a text of odd length is its end as well. */
		unsigned low = (unsigned char)sign->text[i + 1];

		device_set_word(device, sign->function,
		    sign->address + (unsigned)i / 2,
		    (uint16_t)(high * 256 + low));
	}
}

static bool
is_measured(const struct device *device, unsigned address)
{
	const struct map *map = &device->map;

	for (unsigned i = 0; i < map->entries_count; i++)
		if (stands(map, i) &&
		    map->entries[i].function == map->function &&
		    address >= device->at[i] &&
		    address < device->at[i] + map->entries[i].words)
			return true;
	return false;
}

void
layout_stamp(struct device *device, uint64_t seed)
{
	const struct map *map = &device->map;
	struct chain chain;

	if (build_chain(device, seed, &chain))
		stamp_chain(device, &chain);
	for (unsigned i = 0; i < map->constants_count; i++) {
		const struct map_constant *constant = &map->constants[i];

		for (unsigned j = 0; j < constant->count; j++)
			if (!constant->alone &&
			    !is_measured(device, constant->address + j))
				device_set_word(device, map->function,
				    constant->address + j, constant->words[j]);
	}
	for (unsigned i = 0; i < map->signs_count; i++)
		stamp_sign(device, &map->signs[i]);
}
