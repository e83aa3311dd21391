/* SPDX-License-Identifier: MIT */
/* The rules that a map must keep. */
#ifndef PROXY_MAP_CHECK_H
#define PROXY_MAP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map_text.h"

struct map_check {
	struct map_text *text;
	struct yaml_file *file;
	char block[32]; /* the entry under check: "points[0]"; "": the header */
};

/* Where and why; false. */
#define MAP_REFUSE(check, key, ...)                                            \
	yaml_file_refuse((check)->file, (check)->block, key, __VA_ARGS__)

void map_check_enter(struct map_check *check, const char *list, unsigned index);

bool map_check_overlap(
    uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count);

/* Are all of these registers in one block? */
bool map_check_in_block(
    const struct map_text *text, uint32_t address, uint32_t words);

/* All points: names, units, types, places, what may be written. */
bool map_check_point_all(struct map_check *check);

/*
 * Fills in defaults, resolves quantities, turns the scale of each into one to
 * the base unit, and checks all of it. False with the error written to the
 * file's buffer.
 */
bool map_check_text(struct map_text *text, struct yaml_file *file);

#endif
