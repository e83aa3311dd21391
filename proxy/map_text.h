/* SPDX-License-Identifier: MIT */
/* A map as it stands in its file, before it is checked; see gridshim-map(5). */
#ifndef PROXY_MAP_TEXT_H
#define PROXY_MAP_TEXT_H

#include <stdint.h>

#include "gateway/yaml.h"
#include "proxy/map.h"

enum map_text_read { MAP_TEXT_READ_ANY, MAP_TEXT_READ_ALONE };
enum map_text_access {
	MAP_TEXT_R,
	MAP_TEXT_RW,
	MAP_TEXT_W,
	MAP_TEXT_ONCE,
};
enum map_text_memory { MAP_TEXT_VOLATILE, MAP_TEXT_STORED };

struct map_text_serial {
	uint32_t baud;
	char *format;
	uint32_t unit;
};

struct map_text_tcp {
	uint32_t port;
	uint32_t unit;
	uint32_t clients;
};

struct map_text_block {
	uint32_t address;
	uint32_t count;
};

struct map_text_hole {
	uint32_t function;
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

struct map_text_sign {
	uint32_t function;
	uint32_t address;
	char *text;
	uint32_t value;
	uint32_t min, max;
};

struct map_text_watchdog {
	uint32_t timeout_s;
	uint32_t resend_s;
	char **points;
	unsigned points_count;
};

struct map_text_sunspec {
	uint32_t *bases;
	unsigned bases_count;
};

struct map_text_point {
	char *point; /* one of these two */
	char *name;
	uint32_t address;
	uint32_t model;
	uint32_t function;
	enum map_type type;
	uint32_t words;
	enum map_word_order word_order;
	char *unit;
	double scale, offset;
	char *scale_point;
	uint64_t *invalid;
	unsigned invalid_count;
	enum map_text_access access;
	uint32_t write_function;
	enum map_text_memory memory;
	uint32_t life;
	double min, max;
	char *values;
	enum map_poll poll;
	enum map_confidence confidence;
	enum quantity quantity; /* resolved from point; QUANTITY_COUNT: a name */
};

/* What the point is called. */
static inline const char *
map_text_point_name(const struct map_text_point *point)
{
	return point->point != NULL ? point->point : point->name;
}

struct map_text {
	char *name;
	enum map_kind kind;
	char *models;
	char *source;
	char *confidence;
	char *quirks;
	struct map_text_serial *serial;
	struct map_text_tcp *tcp;
	uint32_t function;
	uint32_t also_function;
	enum map_word_order word_order;
	uint32_t words_max;
	uint32_t hole_max;
	uint32_t gap_ms;
	struct map_text_hole *holes;
	unsigned holes_count;
	struct map_text_block *blocks;
	unsigned blocks_count;
	struct map_text_watchdog *watchdog;
	struct map_text_sign *identity;
	unsigned identity_count;
	struct map_text_sunspec *sunspec;
	struct map_text_point *points;
	unsigned points_count;
	struct map_text_constant *constants;
	unsigned constants_count;
	struct map_text_block *writes;
	unsigned writes_count;
};

/* How libcyaml reads one. */
extern const cyaml_schema_value_t map_text_schema;

#endif
