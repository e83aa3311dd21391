/* SPDX-License-Identifier: MIT */
/*
 * A register map: which quantity of a device stands in which registers.
 * One YAML file a model (etc/maps), read and checked whole at start.
 */
#ifndef PROXY_MAP_H
#define PROXY_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/quantity.h"

enum {
	MAP_POINTS_MAX = 128,
	MAP_BLOCKS_MAX = 16,
	MAP_WORDS_MAX = 125, /* registers in one read, by the standard */
	MAP_NAME_SIZE = 64,
	MAP_CONSTANTS_MAX = 32,
	MAP_CONSTANT_WORDS_MAX = 32,
	MAP_WRITES_MAX = 8,
};

enum map_type { MAP_U16, MAP_S16, MAP_U32, MAP_S32, MAP_F32, MAP_TYPE_COUNT };

enum map_word_order { MAP_HIGH_WORD_FIRST, MAP_LOW_WORD_FIRST };

struct map_point {
	enum quantity quantity;
	uint16_t address; /* zero-based, as on the wire */
	enum map_type type;
	double scale; /* raw * scale = value in base unit and our sign; != 0 */
	bool fast; /* wanted in every poll */
};

/* Registers that exist: reading outside is an exception, gaps in it are 0. */
struct map_block {
	uint16_t address;
	uint16_t count;
};

/*
 * What tells a model: registers that always hold the same, whatever is
 * measured. Meant for showing the meter; where it is read, what it says counts.
 * Some meters answer an address with one thing when it is read alone, and with
 * another in the middle of a block.
 */
struct map_constant {
	uint16_t address;
	uint16_t count;
	bool alone; /* only to a read of just these registers */
	uint16_t words[MAP_CONSTANT_WORDS_MAX];
};

struct map {
	char name[MAP_NAME_SIZE]; /* "Eastron SDM630" */
	uint8_t function; /* 3 or 4 */
	uint8_t also_function; /* answered alike when shown; 0: none */
	enum map_word_order word_order;
	uint16_t words_max; /* longest read the device takes */
	uint16_t hole_max; /* unlisted registers a read may run across */
	uint16_t gap_ms; /* silence it wants between requests; 0: t3.5 */
	unsigned points_count;
	struct map_point points[MAP_POINTS_MAX]; /* by address */
	/* Second places of quantities: shown, but never read. */
	unsigned copies_count;
	struct map_point copies[MAP_POINTS_MAX];
	unsigned blocks_count;
	struct map_block blocks[MAP_BLOCKS_MAX]; /* by address, disjoint */
	unsigned constants_count;
	struct map_constant constants[MAP_CONSTANTS_MAX]; /* disjoint */
	/* Registers that a shown meter lets the inverter write; none of them
	 * holds a point. */
	unsigned writes_count;
	struct map_block writes[MAP_WRITES_MAX]; /* disjoint */
};

/* Registers a value of this type takes: 1 or 2. */
unsigned map_type_words(enum map_type type);

/* Where the quantity is read; NULL when the map has no such place. */
const struct map_point *map_find(const struct map *map, enum quantity quantity);

/* Reads and checks a file. On failure false, with one line in error:
 * "FILE:LINE:COLUMN: reason"; *map is then undefined. */
bool map_load(
    const char *file, struct map *map, char *error, unsigned error_size);

#endif
