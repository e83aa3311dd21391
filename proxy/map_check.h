/* SPDX-License-Identifier: MIT */
/* A map as it stands in its file, and the rules it must keep. */
#ifndef PROXY_MAP_CHECK_H
#define PROXY_MAP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/yaml.h"
#include "proxy/map.h"

enum map_text_poll { MAP_TEXT_SLOW, MAP_TEXT_FAST, MAP_TEXT_NEVER };
enum map_text_read { MAP_TEXT_READ_ANY, MAP_TEXT_READ_ALONE };
enum map_text_access { MAP_TEXT_READ };

/* What the maker delivers; told to people, not used by the program. */
struct map_text_serial {
	uint32_t baud;
	char *format;
	uint32_t unit;
};

struct map_text_block {
	uint32_t address;
	uint32_t count;
};

struct map_text_constant {
	uint32_t address;
	uint32_t value; /* either this */
	uint32_t *words; /* or these */
	unsigned words_count;
	enum map_text_read read;
};

/* Registers it takes. */
static inline uint32_t
map_text_constant_words(const struct map_text_constant *constant)
{
	return constant->words != NULL ? constant->words_count : 1;
}

struct map_text_point {
	char *point;
	uint32_t address;
	enum map_type type;
	char *unit;
	double scale;
	enum map_text_poll poll;
	enum map_text_access access;
	enum quantity quantity; /* resolved from point */
};

struct map_text {
	char *name;
	uint32_t function;
	uint32_t also_function;
	enum map_word_order word_order;
	uint32_t words_max;
	uint32_t hole_max;
	uint32_t gap_ms;
	struct map_text_serial *serial;
	char *source;
	char *confidence;
	struct map_text_block *blocks;
	unsigned blocks_count;
	struct map_text_point *points;
	unsigned points_count;
	struct map_text_constant *constants;
	unsigned constants_count;
	struct map_text_block *writes;
	unsigned writes_count;
};

/*
 * Fills in defaults, resolves quantities, turns every scale into one to the
 * base unit, and checks all of it. False with the error written to the file's
 * buffer.
 */
bool map_check_text(struct map_text *text, struct yaml_file *file);

#endif
