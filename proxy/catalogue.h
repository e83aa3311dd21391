/* SPDX-License-Identifier: MIT */
/* All register maps of a folder, for tools that find out which one fits. */
#ifndef PROXY_CATALOGUE_H
#define PROXY_CATALOGUE_H

#include <stdbool.h>

#include "proxy/map.h"

enum { CATALOGUE_NAME_SIZE = 64 };

struct catalogue_map {
	char name[CATALOGUE_NAME_SIZE]; /* the file's, without .yaml */
	struct map map;
};

struct catalogue {
	unsigned count;
	struct catalogue_map *maps; /* by name; owned */
};

/*
 * A file that is no good is left out, and told with "FILE:LINE:COLUMN:
 * reason". False when the folder cannot be read or holds no good map, with
 * the reason in error; nothing is owned then.
 */
bool catalogue_load(struct catalogue *catalogue, const char *folder,
    void (*left_out)(const char *reason), char *error, unsigned error_size);
void catalogue_free(struct catalogue *catalogue);

/* NULL when there is none of that name. */
const struct catalogue_map *catalogue_find(
    const struct catalogue *catalogue, const char *name);

#endif
