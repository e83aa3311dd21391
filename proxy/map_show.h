/* SPDX-License-Identifier: MIT */
/* A map for people to read, and as JSON. */
#ifndef PROXY_MAP_SHOW_H
#define PROXY_MAP_SHOW_H

#include <stdio.h>

#include <jansson.h>

#include "proxy/map.h"

const char *map_show_kind(enum map_kind kind);

/* Of its entries the worst: "conflict" if any is. */
const char *map_show_confidence(const struct map *map);

/* Header, limits, and a line for each entry. quirks may be NULL. */
void map_show_text(const struct map *map, const char *quirks, FILE *out);

/* The caller owns it; NULL when there is no memory. */
json_t *map_show_json(const struct map *map, const char *quirks);

#endif
