/* SPDX-License-Identifier: MIT */
#include "proxy/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/yaml.h"
#include "proxy/complete.h"
#include "proxy/image.h"

struct loading {
	const char *file;
	const char *map_dir;
	char *error;
	unsigned error_size;
	const char *names[CONFIG_DEVICES_MAX + CONFIG_SHOWN_MAX];
};

/* The error belongs to the line that names the map, not to the map. */
static void
refuse_missing(
    const struct loading *loading, const char *block, const char *path)
{
	struct yaml_file *file;

	file =
	    yaml_file_open(loading->file, loading->error, loading->error_size);
	if (file == NULL)
		return;
	yaml_file_refuse(file, block, "map",
	    "there is no map file %s; see the folder for the known ones", path);
	yaml_file_close(file);
}

/* The map of that name, loaded once; NULL with the error written. */
static const struct map *
get_map(struct loading *loading, struct setup *setup, const char *name,
    const char *block)
{
	struct map *map;
	char path[1024];

	for (unsigned i = 0; i < setup->maps_count; i++) {
		if (strcmp(loading->names[i], name) == 0)
			return &setup->maps[i];
	}
	snprintf(path, sizeof(path), "%s/%s.yaml", loading->map_dir, name);
	if (access(path, F_OK) != 0) {
		refuse_missing(loading, block, path);
		return NULL;
	}
	map = &setup->maps[setup->maps_count];
	if (!map_load(path, map, loading->error, loading->error_size))
		return NULL;
	loading->names[setup->maps_count++] = name;
	return map;
}

static bool
load_maps(struct loading *loading, struct setup *setup)
{
	const struct config *config = setup->config;
	char block[32];

	for (unsigned i = 0; i < config->devices_count; i++) {
		snprintf(block, sizeof(block), "devices[%u]", i);
		setup->device_map[i] =
		    get_map(loading, setup, config->devices[i].map, block);
		if (setup->device_map[i] == NULL)
			return false;
	}
	for (unsigned i = 0; i < config->shown_count; i++) {
		snprintf(block, sizeof(block), "shown[%u]", i);
		setup->shown_map[i] =
		    get_map(loading, setup, config->shown[i].map, block);
		if (setup->shown_map[i] == NULL)
			return false;
	}
	return true;
}

/* The line of the configuration's list is wrong, by key. */
static bool
refuse_shown(const struct loading *loading, unsigned index, const char *key,
    const char *name, const char *reason)
{
	struct yaml_file *file;
	char block[32];

	file =
	    yaml_file_open(loading->file, loading->error, loading->error_size);
	if (file == NULL)
		return false;
	snprintf(block, sizeof(block), "shown[%u]", index);
	yaml_file_refuse(file, block, key, "'%s' %s", name, reason);
	yaml_file_close(file);
	return false;
}

/* A shown phase must be one that the meter is asked for in every poll. */
static bool
check_phases(const struct loading *loading, const struct setup *setup,
    unsigned index, unsigned device)
{
	const struct config_shown *shown = &setup->config->shown[index];
	struct complete_shape shape = {
		.phases = complete_map_phases(setup->shown_map[index]),
		.on = (unsigned)shown->phases,
	};

	return complete_map_fits(setup->device_map[device], &shape) ||
	       refuse_shown(loading, index, "phases",
		   setup->config->devices[device].name,
		   "does not measure the power of that phase in every poll "
		   "(poll: fast in its map)");
}

/* A power of 0 W that nobody puts there is a wrong one. */
static bool
shows_power(const struct map *map)
{
	return map->kind == MAP_METER &&
	       (image_shows(map, QUANTITY_ACTIVE_POWER) ||
		   (image_shows(map, QUANTITY_ACTIVE_POWER_L1) &&
		       image_shows(map, QUANTITY_ACTIVE_POWER_L2) &&
		       image_shows(map, QUANTITY_ACTIVE_POWER_L3)));
}

static bool
check_shown(const struct loading *loading, const struct setup *setup)
{
	for (unsigned i = 0; i < setup->config->shown_count; i++) {
		const struct config_shown *shown = &setup->config->shown[i];

		if (!shows_power(setup->shown_map[i]))
			return refuse_shown(loading, i, "map", shown->map,
			    "cannot be shown: it is no meter, or its active "
			    "power has no address of its own");
		if (shown->phases == PHASES_ALL)
			continue;
		if (!check_phases(loading, setup, i, shown->source_index) ||
		    (shown->fallback != NULL && !check_phases(loading, setup, i,
						    shown->fallback_index)))
			return false;
	}
	return true;
}

struct setup *
setup_load(
    const char *file, const char *map_dir, char *error, unsigned error_size)
{
	struct loading loading = {
		.file = file,
		.map_dir = map_dir,
		.error = error,
		.error_size = error_size,
	};
	struct setup *setup = calloc(1, sizeof(*setup));

	if (setup == NULL) {
		snprintf(error, error_size, "%s:1:1: out of memory", file);
		return NULL;
	}
	setup->config = config_load(file, error, error_size);
	if (setup->config != NULL) {
		setup->maps = calloc(
		    setup->config->devices_count + setup->config->shown_count,
		    sizeof(*setup->maps));
		if (setup->maps != NULL && load_maps(&loading, setup) &&
		    check_shown(&loading, setup))
			return setup;
	}
	setup_free(setup);
	return NULL;
}

void
setup_free(struct setup *setup)
{
	if (setup == NULL)
		return;
	if (setup->config != NULL)
		config_free(setup->config);
	for (unsigned i = 0; i < setup->maps_count; i++)
		map_unload(&setup->maps[i]);
	free(setup->maps);
	free(setup);
}
