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
	MAP_ENTRIES_MAX = 1024,
	MAP_HOLES_MAX = 64,
	MAP_SIGNS_MAX = 8,
	MAP_INVALID_MAX = 4,
	MAP_CHOICES_MAX = 64,
	MAP_BASES_MAX = 4,
};

enum map_kind {
	MAP_METER,
	MAP_INVERTER,
	MAP_BATTERY,
	MAP_WALLBOX,
	MAP_HEATER,
	MAP_OTHER,
};

enum map_type {
	MAP_U16,
	MAP_S16,
	MAP_U32,
	MAP_S32,
	MAP_F32,
	MAP_U64,
	MAP_S64,
	MAP_F64,
	MAP_BOOL, /* also a coil or a discrete input */
	MAP_ENUM16,
	MAP_BITS16,
	MAP_BITS32,
	MAP_BCD16,
	MAP_HEX16,
	MAP_STRING,
	MAP_BYTES,
	MAP_DATETIME,
	MAP_TYPE_COUNT
};

enum map_poll { MAP_SLOW, MAP_FAST, MAP_ONCE, MAP_NEVER };

enum map_confidence { MAP_TWO, MAP_ONE, MAP_CONFLICT };

enum map_word_order { MAP_HIGH_WORD_FIRST, MAP_LOW_WORD_FIRST };

struct map_point {
	enum quantity quantity;
	uint16_t address; /* zero-based, as on the wire */
	enum map_type type;
	double scale; /* raw * scale = value in base unit and our sign; != 0 */
	bool fast; /* wanted in every poll */
	unsigned invalid_count;
	uint64_t invalid[MAP_INVALID_MAX]; /* raw: not available */
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

/* "2=charging", or bit 2 of bits. */
struct map_choice {
	uint32_t raw;
	const char *text;
};

/*
 * A point as the file lists it: whatever the device has, to be read and
 * written by name. A number is (raw - offset) * scale, in `unit`; for a
 * quantity that is the base unit and our sign, and scale_entry, if there is
 * one, gives a power of ten on top (SunSpec).
 */
struct map_entry {
	const char *name; /* the quantity's, or its own */
	enum quantity quantity; /* QUANTITY_COUNT: a name of its own */
	const char *unit; /* "" for a plain number */
	uint16_t address;
	uint16_t model; /* SunSpec: address counts from its head; 0: none */
	uint16_t words; /* registers, or coils */
	uint8_t function; /* 1 to 4 */
	uint8_t write_function; /* 5, 6, 15 or 16; 0: it cannot be written */
	enum map_type type;
	enum map_word_order word_order;
	enum map_poll poll;
	enum map_confidence confidence;
	bool readable;
	bool once; /* written by hand when the device is set up, by no rule */
	bool stored; /* each write wears it, it is good for `life` of them */
	uint32_t life;
	double scale;
	double offset;
	int scale_entry; /* index among the entries; -1: none */
	bool has_range; /* else it is written by hand alone */
	double min, max; /* of what may be written, in `unit` */
	unsigned invalid_count;
	uint64_t invalid[MAP_INVALID_MAX]; /* raw */
	unsigned choices_count;
	const struct map_choice *choices;
};

/* Registers that are never read, not even on the way. */
struct map_hole {
	uint8_t function;
	uint16_t address;
	uint16_t count;
};

/* One of the things that tell the model. */
struct map_sign {
	uint8_t function;
	uint16_t address;
	const char *text; /* the registers begin with it; NULL: a range */
	uint16_t min, max; /* of the one register */
};

/* Without a request, or a new value of its points, the device falls back. */
struct map_watchdog {
	uint32_t timeout_s; /* 0: it has none */
	uint32_t resend_s;
	unsigned points_count;
	uint16_t points[MAP_SIGNS_MAX]; /* among the entries; none: any request */
};

/* What the maker delivers. */
struct map_serial {
	uint32_t baud; /* 0: not told */
	char format[4]; /* "8N1" */
	uint8_t unit;
};

struct map {
	char name[MAP_NAME_SIZE]; /* "Eastron SDM630" */
	enum map_kind kind;
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
	/* Everything the file lists, in its order; points and copies are those
	 * of them that are quantities, numbers of at most two registers, and
	 * read by `function`. Owned. */
	unsigned entries_count;
	struct map_entry *entries;
	unsigned holes_count;
	struct map_hole holes[MAP_HOLES_MAX];
	unsigned signs_count;
	struct map_sign signs[MAP_SIGNS_MAX]; /* all must hold */
	struct map_watchdog watchdog;
	struct map_serial serial;
	uint16_t tcp_port; /* 0: not told */
	unsigned bases_count; /* SunSpec: where its mark may be */
	uint16_t bases[MAP_BASES_MAX];
	void *text; /* what the names and texts above stand in; owned */
};

/* Registers a value of this type takes: 1, 2, 4 or 6; 0: told by the point. */
unsigned map_type_words(enum map_type type);

/* NULL when the map has no entry of that name. */
const struct map_entry *map_entry(const struct map *map, const char *name);

/* Where the quantity is read; NULL when the map has no such place. */
const struct map_point *map_find(const struct map *map, enum quantity quantity);

/* Reads and checks a file. On failure false, with one line in error:
 * "FILE:LINE:COLUMN: reason"; *map is then undefined, and nothing is owned. */
bool map_load(
    const char *file, struct map *map, char *error, unsigned error_size);
void map_unload(struct map *map);

#endif
