/* SPDX-License-Identifier: MIT */
#include "tests/house/show.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tests/house/witness.h"

enum { TEXT_SIZE = 1024, WORDS_MAX = 160 };

static json_t *
number_of(const struct value *value)
{
	return value->kind == VALUE_NUMBER ? json_real(value->number)
	                                   : json_null();
}

/* What a device holds need not be UTF-8. */
static json_t *
text_of(const struct value *value)
{
	return value->kind == VALUE_TEXT ? json_string(value->text)
	                                 : json_null();
}

static json_t *
raw_of(const struct device *device, unsigned i)
{
	char hex[4 * WORDS_MAX + 1] = "";
	uint16_t words[WORDS_MAX];

	device_words(device, i, words);
	for (unsigned j = 0; j < device->map.entries[i].words; j++)
		(void)snprintf(hex + 4 * j, 5, "%04x", words[j]);
	return json_string(hex);
}

static json_t *
choices_of(const struct map_entry *entry)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < entry->choices_count; i++)
		(void)json_object_set_new(object, entry->choices[i].text,
		    json_integer(entry->choices[i].raw));
	return object;
}

static void
add_limits(json_t *object, const struct map_entry *entry)
{
	if (!entry->has_range)
		return;
	(void)json_object_set_new(object, "min", json_real(entry->min));
	(void)json_object_set_new(object, "max", json_real(entry->max));
}

static json_t *
point_of(const struct device *device, unsigned i)
{
	const struct map_entry *entry = &device->map.entries[i];
	int scale10 = device_scale10(device, i);
	char words[TEXT_SIZE];
	struct value value;
	json_t *object = json_object();

	device_get(device, i, &value);
	witness_words(entry, &value, words, sizeof(words));
	(void)json_object_set_new(object, "name", json_string(entry->name));
	(void)json_object_set_new(object, "unit", json_string(entry->unit));
	(void)json_object_set_new(
	    object, "function", json_integer(entry->function));
	(void)json_object_set_new(
	    object, "address", json_integer(device->at[i]));
	(void)json_object_set_new(
	    object, "listed", json_integer(entry->address));
	(void)json_object_set_new(
	    object, "scales", json_boolean(device_scales(device, i)));
	(void)json_object_set_new(object, "value", number_of(&value));
	(void)json_object_set_new(object, "text", text_of(&value));
	(void)json_object_set_new(object, "words", json_string(words));
	(void)json_object_set_new(object, "raw", raw_of(device, i));
	(void)json_object_set_new(object, "step",
	    json_real(witness_step(entry, scale10, value.number)));
	(void)json_object_set_new(
	    object, "readable", json_boolean(entry->readable));
	(void)json_object_set_new(
	    object, "writable", json_boolean(entry->write_function != 0));
	(void)json_object_set_new(object, "once", json_boolean(entry->once));
	(void)json_object_set_new(
	    object, "stored", json_boolean(entry->stored));
	(void)json_object_set_new(
	    object, "copy", json_boolean(device_is_copy(device, i)));
	(void)json_object_set_new(
	    object, "writes", json_integer(device->worn[i]));
	(void)json_object_set_new(object, "choices", choices_of(entry));
	add_limits(object, entry);
	return object;
}

static char *
text_and_free(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));

	json_decref(json);
	return text;
}

char *
show_point(const struct device *device, unsigned entry)
{
	return text_and_free(point_of(device, entry));
}

char *
show_points(const struct device *device)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < device->map.entries_count; i++)
		(void)json_array_append_new(list, point_of(device, i));
	return text_and_free(list);
}

char *
show_device(struct device *device, int64_t now_ns)
{
	enum device_watchdog watchdog = device_watchdog(device, now_ns);
	const struct {
		const char *name;
		unsigned count;
	} counts[] = {
		{ "requests", device->counts.requests },
		{ "answers", device->counts.answers },
		{ "refused", device->counts.refused },
		{ "early", device->counts.early },
		{ "torn", device->counts.torn },
		{ "writes", device->counts.writes },
		{ "trips", device->counts.trips },
	};
	json_t *object = json_object();

	(void)json_object_set_new(object, "device", json_string(device->name));
	(void)json_object_set_new(object, "map", json_string(device->map.name));
	(void)json_object_set_new(object, "unit", json_integer(device->unit));
	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		(void)json_object_set_new(
		    object, counts[i].name, json_integer(counts[i].count));
	(void)json_object_set_new(
	    object, "watchdog", json_string(device_watchdog_name(watchdog)));
	return text_and_free(object);
}
