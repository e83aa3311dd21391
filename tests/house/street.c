/* SPDX-License-Identifier: MIT */
#include "tests/house/street.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512, UNIT_MAX = 247 };

static struct bus *
bus_of(struct street *street, const char *name)
{
	struct bus *bus;

	for (unsigned i = 0; i < street->buses_count; i++)
		if (strcmp(street->buses[i]->name, name) == 0)
			return street->buses[i];
	if (street->buses_count == STREET_BUSES_MAX)
		return NULL;
	bus = calloc(1, sizeof(*bus));
	if (bus == NULL)
		return NULL;
	(void)snprintf(bus->name, sizeof(bus->name), "%s", name);
	street->buses[street->buses_count++] = bus;
	return bus;
}

static struct device *
find(struct street *street, const char *name, struct bus **bus)
{
	for (unsigned i = 0; i < street->buses_count; i++)
		for (unsigned j = 0; j < street->buses[i]->devices_count; j++) {
			*bus = street->buses[i];
			if (strcmp((*bus)->devices[j].name, name) == 0)
				return &(*bus)->devices[j];
		}
	return NULL;
}

/* Two devices of one map are not to hold the same. */
static uint64_t
seed_of(uint64_t seed, const char *name)
{
	for (; *name != '\0'; name++)
		seed = (seed ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return seed;
}

static bool
refuse(const char *text, const char *why)
{
	fprintf(stderr, "house: --device %s: %s\n", text, why);
	return false;
}

/* The file's name may hold colons; the others do not. */
static bool
split(char *text, char *parts[4])
{
	char *unit = strrchr(text, ':'), *line = NULL;

	parts[0] = text;
	parts[1] = strchr(text, ':');
	if (unit == NULL || parts[1] == unit)
		return false;
	*unit = '\0';
	line = strrchr(text, ':');
	if (line == parts[1])
		return false;
	*line = '\0';
	*parts[1]++ = '\0';
	parts[2] = line + 1;
	parts[3] = unit + 1;
	return *parts[0] != '\0' && *parts[2] != '\0';
}

static bool
add(struct street *street, const struct street_options *options,
    const char *text, char *const parts[4])
{
	struct bus *bus;
	struct device_options device = { .name = parts[0],
		.map_file = parts[1],
		.seed = seed_of(options->seed, parts[0]),
		.fast = options->fast };
	char *end;

	device.unit = (int)strtol(parts[3], &end, 10);
	if (*end != '\0' || device.unit < 1 || device.unit > UNIT_MAX)
		return refuse(text, "the unit must be from 1 to 247");
	if (strlen(parts[0]) >= DEVICE_NAME_SIZE ||
	    strlen(parts[2]) >= BUS_NAME_SIZE)
		return refuse(text, "a name is too long");
	if (find(street, parts[0], &bus) != NULL)
		return refuse(text, "there is one of that name");
	bus = bus_of(street, parts[2]);
	if (bus == NULL || bus->devices_count == BUS_DEVICES_MAX)
		return refuse(text, "too many");
	if (bus_unit(bus, device.unit) != NULL)
		return refuse(text, "the line has that unit");
	if (!device_open(&bus->devices[bus->devices_count], &device))
		return false;
	bus->devices_count++;
	return true;
}

bool
street_add(struct street *street, const struct street_options *options,
    const char *text)
{
	char *copy = strdup(text), *parts[4];
	bool good = copy != NULL;

	if (good && !split(copy, parts))
		good = refuse(text, "want NAME:MAP_FILE:LINE:UNIT");
	good = good && add(street, options, text, parts);
	free(copy);
	return good;
}

bool
street_start(struct street *street, const struct street_options *options)
{
	for (unsigned i = 0; i < street->buses_count; i++) {
		struct bus *bus = street->buses[i];
		char link[PATH_SIZE];

		(void)snprintf(
		    link, sizeof(link), "%s/%s", options->dir, bus->name);
		bus->baud = options->baud;
		bus->wire = line_open(options->baud, link, NULL);
		if (bus->wire == NULL || !bus_start(bus))
			return false;
	}
	return true;
}

void
street_stop(struct street *street)
{
	for (unsigned i = 0; i < street->buses_count; i++)
		if (street->buses[i]->wire != NULL)
			line_shut(street->buses[i]->wire);
}

struct device *
street_take(struct street *street, const char *name, struct bus **bus)
{
	struct device *device = find(street, name, bus);

	if (device != NULL)
		pthread_mutex_lock(&(*bus)->lock);
	return device;
}

bool
street_has(const struct street *street, const char *name)
{
	for (unsigned i = 0; i < street->buses_count; i++)
		if (strcmp(street->buses[i]->name, name) == 0)
			return true;
	return false;
}

struct line *
street_line(const struct street *street, const char *name)
{
	for (unsigned i = 0; i < street->buses_count; i++)
		if (strcmp(street->buses[i]->name, name) == 0)
			return street->buses[i]->wire;
	return NULL;
}
