/* SPDX-License-Identifier: MIT */
/*
 * The configuration with the register maps it names: all that the proxy needs
 * to know, read and checked before any process is started.
 */
#ifndef PROXY_SETUP_H
#define PROXY_SETUP_H

#include <stdbool.h>

#include "gateway/config.h"
#include "proxy/map.h"

struct setup {
	struct config *config;
	unsigned maps_count;
	struct map *maps; /* each file once */
	const struct map *device_map[CONFIG_DEVICES_MAX]; /* by device */
	const struct map *shown_map[CONFIG_SHOWN_MAX]; /* by shown meter */
};

/* Loads FILE and DIR/NAME.yaml for each map in it. On failure NULL, with
 * "FILE:LINE:COLUMN: reason" in error. The caller owns the result. */
struct setup *setup_load(
    const char *file, const char *map_dir, char *error, unsigned error_size);
void setup_free(struct setup *setup);

#endif
