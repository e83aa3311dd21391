/* SPDX-License-Identifier: MIT */
#include "tests/house/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/house/now.h"
#include "tests/house/show.h"

static struct value
value_of(const struct map_entry *entry, const char *text)
{
	struct value value = { .kind = VALUE_NONE };
	bool number = entry->type != MAP_STRING && entry->type != MAP_BYTES &&
	              entry->type != MAP_DATETIME;
	char *end;

	if (strcmp(text, "none") == 0)
		return value;
	value.number = number ? strtod(text, &end) : 0;
	value.kind = number && *end == '\0' ? VALUE_NUMBER : VALUE_TEXT;
	(void)snprintf(value.text, sizeof(value.text), "%s", text);
	return value;
}

static char *
obey_point(struct device *device, const char *const words[DESK_WORDS],
    const char **why)
{
	int entry = device_find(device, words[2]);
	struct value value;

	if (entry < 0) {
		*why = "no such point";
		return NULL;
	}
	if (strcmp(words[0], "get") == 0)
		return show_point(device, (unsigned)entry);
	value = value_of(&device->map.entries[entry], words[3]);
	if (!device_put(device, (unsigned)entry, &value))
		*why = "it cannot hold that";
	return NULL;
}

static char *
obey(struct device *device, const char *const words[DESK_WORDS],
    const char **why)
{
	const char *verb = words[0];

	if (strcmp(verb, "list") == 0)
		return show_points(device);
	if (words[2] != NULL)
		return obey_point(device, words, why);
	if (strcmp(verb, "silent") == 0)
		device->silent = true;
	else if (strcmp(verb, "answer") == 0)
		device->silent = false;
	else
		return show_device(device, now_ns());
	return NULL;
}

char *
desk_obey(struct street *street, const char *const words[DESK_WORDS],
    const char **why)
{
	struct bus *bus;
	struct device *device = street_take(street, words[1], &bus);
	char *answer;

	if (device == NULL) {
		*why = "no such device";
		return NULL;
	}
	answer = obey(device, words, why);
	pthread_mutex_unlock(&bus->lock);
	return answer;
}
