/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the importer (import.h) hand to one another: the notes in
 * front of a table, its rows, and the report of what could not be read.
 */
#ifndef PROXY_IMPORT_PART_H
#define PROXY_IMPORT_PART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proxy/map.h"

enum {
	IMPORT_NAME_SIZE = 48, /* of a point */
	IMPORT_UNIT_SIZE = 16,
	IMPORT_LINE_SIZE = 401, /* of models, source */
	IMPORT_QUIRKS_SIZE = 2001,
	IMPORT_VALUES_SIZE = 4001,
	IMPORT_POINTS_MAX = 8, /* that feed a watchdog */
};

/* Lines of text for people; count says how many there were. */
struct import_report {
	FILE *out;
	unsigned count;
};

/* line 0: about the file as a whole; name "": no point is named yet. */
void import_say(struct import_report *report, unsigned line, const char *name,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

enum import_addressing {
	IMPORT_UNTOLD, /* taken as ZERO */
	IMPORT_ZERO, /* as on the wire */
	IMPORT_ONE, /* one higher than on the wire */
	IMPORT_VENDOR, /* 30001: input register 0; 40001: holding register 0 */
};

enum import_access { IMPORT_R, IMPORT_RW, IMPORT_W, IMPORT_ONCE };

/* The notes. Numbers are 0 where nothing was told. */
struct import_head {
	char name[MAP_NAME_SIZE];
	enum map_kind kind;
	bool kind_told;
	char models[IMPORT_LINE_SIZE];
	char source[IMPORT_LINE_SIZE];
	char confidence[IMPORT_LINE_SIZE];
	char quirks[IMPORT_QUIRKS_SIZE];
	char sign[IMPORT_LINE_SIZE]; /* words about signs, lower case */
	char writes[IMPORT_LINE_SIZE]; /* words about memory, lower case */
	uint32_t baud;
	char format[4];
	unsigned unit;
	bool unit_told;
	unsigned tcp_port, tcp_clients;
	enum import_addressing addressing;
	unsigned model; /* SunSpec: addresses count from its head */
	unsigned function;
	enum map_word_order word_order;
	unsigned words_max;
	unsigned hole_max;
	unsigned gap_ms;
	unsigned holes_count;
	struct map_hole holes[MAP_HOLES_MAX]; /* function 0: the map's */
	unsigned blocks_count;
	struct map_block blocks[MAP_BLOCKS_MAX];
	unsigned signs_count;
	struct map_sign signs[MAP_SIGNS_MAX]; /* function 0: the map's */
	unsigned watchdog_s, resend_s;
	unsigned watchdog_count;
	char watchdog[IMPORT_POINTS_MAX][IMPORT_NAME_SIZE];
};

/* One row. Texts are borrowed from the table. */
struct import_row {
	unsigned line;
	char name[IMPORT_NAME_SIZE];
	enum quantity quantity; /* QUANTITY_COUNT: a name of its own */
	bool no_quantity; /* the table says that it is none */
	const char *meaning;
	unsigned address;
	unsigned model;
	unsigned function; /* 0: the map's */
	enum map_type type;
	unsigned words;
	bool word_order_told;
	enum map_word_order word_order;
	double scale, offset;
	char unit[IMPORT_UNIT_SIZE];
	int scale_row; /* index among the rows; -1: none */
	enum import_access access;
	bool writes_16; /* function 16 also for one register */
	bool stored;
	bool has_range;
	double min, max; /* in unit */
	char *values; /* owned; NULL: none */
	enum map_poll poll;
	enum map_confidence confidence;
	unsigned invalid_count;
	uint64_t invalid[MAP_INVALID_MAX];
	bool left_out; /* said why in the report */
};

struct import_table {
	struct import_head head;
	unsigned count;
	struct import_row rows[MAP_ENTRIES_MAX];
};

#endif
