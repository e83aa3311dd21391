/* SPDX-License-Identifier: MIT */
/*
 * What holds for everything the loaders let through, whatever the file said.
 * NULL, or the first thing that does not hold. For tests and fuzzers.
 */
#ifndef TESTS_CONFIG_HOLDS_H
#define TESTS_CONFIG_HOLDS_H

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/config.h"
#include "proxy/image.h"
#include "proxy/map.h"
#include "proxy/value.h"

static inline const char *
holds_config_shown(
    const struct config *config, const struct config_shown *shown)
{
	if (shown->line_index >= config->lines_count ||
	    strcmp(config->lines[shown->line_index].name, shown->line) != 0)
		return "shown line_index";
	if (shown->source_index >= config->devices_count ||
	    strcmp(config->devices[shown->source_index].name, shown->source) !=
		0)
		return "source_index";
	if (shown->unit < 1 || shown->unit > 255)
		return "shown unit";
	if (shown->limit_w > 100000 || shown->slew_w_per_s < 1 ||
	    shown->slew_w_per_s > 100000)
		return "limits";
	if (shown->max_age_ms < 200 || shown->max_age_ms > 10000)
		return "max_age_ms";
	for (unsigned i = 0; i < config->devices_count; i++)
		if (config->devices[i].line_index == shown->line_index)
			return "a line asked and answered";
	return NULL;
}

static inline const char *
holds_config_tcp(const struct config *config)
{
	const struct config_modbus_tcp *tcp = config->modbus_tcp;
	bool seen[256] = { false };
	if (tcp->listen == NULL || tcp->port < 1 || tcp->port > 65535 ||
	    tcp->connections_max < 1 ||
	    tcp->connections_max > CONFIG_CONNECTIONS_MAX || tcp->idle_s < 1)
		return "modbus_tcp";
	if (network_reach(tcp->listen) != NETWORK_LOOPBACK &&
	    tcp->allow_from_count == 0)
		return "modbus_tcp open to all";
	for (unsigned i = 0; i < tcp->units_count; i++) {
		const struct config_unit *unit = &tcp->units[i];
		unsigned count = unit->target == TARGET_DEVICE
		                     ? config->devices_count
		                     : config->shown_count;
		if (unit->unit > 255 || seen[unit->unit])
			return "modbus_tcp unit";
		seen[unit->unit] = true;
		if (unit->target != TARGET_BOX && unit->index >= count)
			return "modbus_tcp target";
		if (unit->write == WRITE_ALLOW && unit->target != TARGET_DEVICE)
			return "modbus_tcp write";
	}
	return NULL;
}

static inline const char *
holds_config(const struct config *config)
{
	if (config->lines_count < 1 || config->lines_count > CONFIG_LINES_MAX ||
	    config->devices_count < 1 ||
	    config->devices_count > CONFIG_DEVICES_MAX ||
	    config->shown_count > CONFIG_SHOWN_MAX)
		return "counts";
	if (config->site == NULL || config->site->name == NULL ||
	    config->policy == NULL || config->storage == NULL ||
	    config->storage->path == NULL || config->storage->commit_s < 1 ||
	    config->web == NULL || config->web->listen == NULL)
		return "a block without its defaults";
	for (unsigned i = 0; i < config->lines_count; i++)
		if (config->lines[i].format == NULL ||
		    config->lines[i].serial[0] == '\0' ||
		    config->lines[i].baud < 1200)
			return "a line without its defaults";
	for (unsigned i = 0; i < config->devices_count; i++) {
		const struct config_device *device = &config->devices[i];
		if (device->line_index >= config->lines_count ||
		    device->unit < 1 || device->unit > 255 ||
		    device->poll_ms < 50 || strchr(device->map, '/') != NULL)
			return "device";
	}
	for (unsigned i = 0; i < config->shown_count; i++) {
		const char *broken =
		    holds_config_shown(config, &config->shown[i]);
		if (broken != NULL)
			return broken;
	}
	return config->modbus_tcp != NULL ? holds_config_tcp(config) : NULL;
}

static inline bool
holds_map_point(const struct map *map, const struct map_point *point, bool copy)
{
	unsigned end = point->address + map_type_words(point->type);
	if (!isfinite(point->scale) || point->scale == 0 ||
	    (!copy && map_find(map, point->quantity) != point) ||
	    map_type_words(point->type) > map->words_max)
		return false;
	if (map->kind != MAP_METER)
		return true;
	for (unsigned i = 0; i < map->blocks_count; i++)
		if (point->address >= map->blocks[i].address &&
		    end <=
			(unsigned)map->blocks[i].address + map->blocks[i].count)
			return true;
	return false;
}

/* Registers of the map that hold no point. */
static inline bool
holds_map_free(
    const struct map *map, unsigned address, unsigned count, bool alone)
{
	bool inside = false;
	for (unsigned i = 0; i < map->blocks_count; i++)
		inside = inside || (address >= map->blocks[i].address &&
				       address + count <=
					   (unsigned)map->blocks[i].address +
					       map->blocks[i].count);
	for (unsigned i = 0; i < map->points_count && !alone; i++)
		if (map->points[i].address < address + count &&
		    address < map->points[i].address +
				  map_type_words(map->points[i].type))
			return false;
	for (unsigned i = 0; i < map->copies_count && !alone; i++)
		if (map->copies[i].address < address + count &&
		    address < map->copies[i].address +
				  map_type_words(map->copies[i].type))
			return false;
	return inside && count > 0;
}

static inline bool
holds_map_unmeasured(const struct map *map)
{
	if (map->constants_count > MAP_CONSTANTS_MAX ||
	    map->writes_count > MAP_WRITES_MAX ||
	    (map->writes_count > 0 && map->function != 3 &&
		map->also_function != 3))
		return false;
	for (unsigned i = 0; i < map->constants_count; i++)
		if (map->constants[i].count > MAP_CONSTANT_WORDS_MAX ||
		    !holds_map_free(map, map->constants[i].address,
			map->constants[i].count, map->constants[i].alone))
			return false;
	for (unsigned i = 0; i < map->writes_count; i++)
		if (!holds_map_free(map, map->writes[i].address,
			map->writes[i].count, false))
			return false;
	return true;
}

static inline bool
holds_map_written(const struct map_entry *entry)
{
	unsigned one = entry->function == 1 ? 5 : 6;
	unsigned more = entry->function == 1 ? 15 : 16;
	if (entry->write_function == 0)
		return entry->readable && !entry->stored && !entry->has_range;
	return (entry->function == 1 || entry->function == 3) &&
	       (entry->write_function == more ||
		   (entry->write_function == one && entry->words == 1)) &&
	       entry->confidence != MAP_CONFLICT && entry->life > 0 &&
	       (!entry->has_range || entry->min <= entry->max);
}

static inline bool
holds_map_entry(const struct map *map, const struct map_entry *entry)
{
	static const uint16_t words[MAP_WORDS_MAX];
	struct value value;
	if (entry->name == NULL || entry->unit == NULL || entry->words < 1 ||
	    entry->words > map->words_max ||
	    entry->address + entry->words > 65536 || entry->function < 1 ||
	    entry->function > 4 || !isfinite(entry->scale) ||
	    entry->scale == 0 ||
	    entry->scale_entry >= (int)map->entries_count ||
	    entry->choices_count > MAP_CHOICES_MAX ||
	    (entry->model > 0 && map->bases_count == 0))
		return false;
	for (unsigned i = 0; i < entry->choices_count; i++)
		if (entry->choices[i].text == NULL ||
		    entry->choices[i].text[0] == '\0')
			return false;
	for (unsigned i = 0; i < map->holes_count && entry->readable; i++)
		if (entry->model == 0 &&
		    map->holes[i].function == entry->function &&
		    map->holes[i].address < entry->address + entry->words &&
		    entry->address <
			map->holes[i].address + map->holes[i].count)
			return false;
	value_get(entry, words, 0, &value);
	return holds_map_written(entry);
}

static inline bool
holds_map_device(const struct map *map)
{
	for (unsigned i = 0; i < map->entries_count; i++)
		if (!holds_map_entry(map, &map->entries[i]))
			return false;
	for (unsigned i = 0; i < map->watchdog.points_count; i++)
		if (map->watchdog.points[i] >= map->entries_count)
			return false;
	return map->entries_count > 0 &&
	       (map->watchdog.timeout_s == 0 || map->watchdog.resend_s > 0) &&
	       map->watchdog.resend_s <= map->watchdog.timeout_s;
}

static inline const char *
holds_map(const struct map *map)
{
	static struct image image;
	if (!holds_map_device(map))
		return "entries";
	if ((map->function != 3 && map->function != 4) ||
	    map->also_function == map->function || map->words_max < 1 ||
	    map->words_max > MAP_WORDS_MAX ||
	    map->points_count > MAP_POINTS_MAX ||
	    (map->kind == MAP_METER && map->points_count < 1))
		return "header";
	unsigned sum = 0, end = 0;
	for (unsigned i = 0; i < map->blocks_count; i++) {
		if (map->blocks[i].address < end || map->blocks[i].count == 0)
			return "blocks";
		end = (unsigned)map->blocks[i].address + map->blocks[i].count;
		sum += map->blocks[i].count;
	}
	if (end > 65536 ||
	    (map->kind == MAP_METER &&
		(sum > IMAGE_REGISTERS_MAX || !image_init(&image, map))))
		return "blocks do not fit an image";
	if (!holds_map_unmeasured(map))
		return "constants or writes";
	end = 0;
	for (unsigned i = 0; i < map->points_count; i++) {
		const struct map_point *point = &map->points[i];
		if (point->address < end || !holds_map_point(map, point, false))
			return "points";
		end = point->address + map_type_words(point->type);
	}
	if (map->copies_count > MAP_POINTS_MAX)
		return "too many points";
	for (unsigned i = 0; i < map->copies_count; i++)
		if (!holds_map_point(map, &map->copies[i], true))
			return "copies";
	return NULL;
}

/* An error of a loader: "FILE:LINE:COLUMN: reason", one line. */
static inline bool
holds_error(const char *file, const char *error)
{
	size_t length = strlen(file);
	unsigned line = 0, column = 0;
	int used = 0;
	if (strncmp(error, file, length) != 0 ||
	    sscanf(error + length, ":%u:%u: %n", &line, &column, &used) != 2 ||
	    used == 0 || line == 0 || column == 0 ||
	    error[length + (size_t)used] == '\0')
		return false;
	for (const char *c = error; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	return true;
}

#endif
