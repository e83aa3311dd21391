/* SPDX-License-Identifier: MIT */
#include "proxy/map_show.h"

#include <string.h>

static const char *const kinds[] = { "meter", "inverter", "battery", "wallbox",
	"heater", "other" };
static const char *const types[MAP_TYPE_COUNT] = {
	[MAP_U16] = "u16",
	[MAP_S16] = "s16",
	[MAP_U32] = "u32",
	[MAP_S32] = "s32",
	[MAP_F32] = "f32",
	[MAP_U64] = "u64",
	[MAP_S64] = "s64",
	[MAP_F64] = "f64",
	[MAP_BOOL] = "bool",
	[MAP_ENUM16] = "enum16",
	[MAP_BITS16] = "bits16",
	[MAP_BITS32] = "bits32",
	[MAP_BCD16] = "bcd16",
	[MAP_HEX16] = "hex16",
	[MAP_STRING] = "string",
	[MAP_BYTES] = "bytes",
	[MAP_DATETIME] = "datetime",
};
static const char *const polls[] = { "slow", "fast", "once", "never" };
static const char *const confidences[] = { "two", "one", "conflict" };

const char *
map_show_kind(enum map_kind kind)
{
	return kinds[kind];
}

const char *
map_show_confidence(const struct map *map)
{
	enum map_confidence worst = MAP_TWO;

	for (unsigned i = 0; i < map->entries_count; i++)
		if (map->entries[i].confidence > worst)
			worst = map->entries[i].confidence;
	return confidences[worst];
}

static const char *
access_of(const struct map_entry *entry)
{
	return entry->write_function == 0 ? "r"
	       : entry->once              ? "once"
	       : entry->readable          ? "rw"
	                                  : "w";
}

static bool
is_bits(const struct map_entry *entry)
{
	return entry->type == MAP_BITS16 || entry->type == MAP_BITS32;
}

/* --- text ------------------------------------------------------------------
 */

static void
show_line(const struct map *map, FILE *out)
{
	if (map->serial.baud != 0)
		fprintf(out, "serial:    %u %s, unit %u\n", map->serial.baud,
		    map->serial.format, map->serial.unit);
	if (map->tcp_port != 0)
		fprintf(out, "tcp:       port %u\n", map->tcp_port);
	fprintf(out,
	    "limits:    reads of at most %u registers, across at most %u "
	    "unlisted ones, %u ms apart\n",
	    map->words_max, map->hole_max, map->gap_ms);
	if (map->watchdog.timeout_s != 0)
		fprintf(out, "watchdog:  %u s, told again every %u s\n",
		    map->watchdog.timeout_s, map->watchdog.resend_s);
}

static void
show_holes(const struct map *map, FILE *out)
{
	if (map->holes_count == 0)
		return;
	fprintf(out, "holes:    ");
	for (unsigned i = 0; i < map->holes_count; i++) {
		const struct map_hole *hole = &map->holes[i];

		fprintf(out, " %u", hole->address);
		if (hole->count > 1)
			fprintf(out, "-%u", hole->address + hole->count - 1u);
	}
	fputc('\n', out);
}

static void
show_choices(const struct map_entry *entry, FILE *out)
{
	for (unsigned i = 0; i < entry->choices_count; i++)
		fprintf(out, "%s%s%u=%s", i == 0 ? "  " : ";",
		    is_bits(entry) ? "b" : "", entry->choices[i].raw,
		    entry->choices[i].text);
}

static void
show_entry(const struct map *map, const struct map_entry *entry, FILE *out)
{
	char address[24];

	snprintf(
	    address, sizeof(address), "%u:%u", entry->function, entry->address);
	if (entry->model != 0)
		snprintf(address, sizeof(address), "%u+%u", entry->model,
		    entry->address);
	fprintf(out, "%-34s %-9s %-8s %-8s %-4s %-5s", entry->name, address,
	    types[entry->type], entry->unit, access_of(entry),
	    polls[entry->poll]);
	if (entry->has_range)
		fprintf(out, "  %.6g .. %.6g", entry->min, entry->max);
	if (entry->stored)
		fprintf(out, "  stored");
	if (entry->scale_entry >= 0)
		fprintf(
		    out, "  x 10^%s", map->entries[entry->scale_entry].name);
	if (entry->confidence != MAP_TWO)
		fprintf(out, "  (%s)", confidences[entry->confidence]);
	show_choices(entry, out);
	fputc('\n', out);
}

void
map_show_text(const struct map *map, const char *quirks, FILE *out)
{
	fprintf(out, "%s\nkind:      %s\n", map->name, kinds[map->kind]);
	show_line(map, out);
	show_holes(map, out);
	if (quirks != NULL)
		fprintf(out, "quirks:    %s\n", quirks);
	fprintf(out, "\n%-34s %-9s %-8s %-8s %-4s %-5s\n", "NAME", "ADDRESS",
	    "TYPE", "UNIT", "", "POLL");
	for (unsigned i = 0; i < map->entries_count; i++)
		show_entry(map, &map->entries[i], out);
}

/* --- JSON ------------------------------------------------------------------
 */

static void
put(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

static void
put_writing(json_t *object, const struct map_entry *entry)
{
	put(object, "access", json_string(access_of(entry)));
	if (entry->write_function == 0)
		return;
	put(object, "write_function", json_integer(entry->write_function));
	put(object, "memory",
	    json_string(entry->stored ? "stored" : "volatile"));
	if (entry->has_range) {
		put(object, "min", json_real(entry->min));
		put(object, "max", json_real(entry->max));
	}
}

static json_t *
choices_json(const struct map_entry *entry)
{
	json_t *object = json_object();
	char key[16];

	for (unsigned i = 0; i < entry->choices_count; i++) {
		snprintf(key, sizeof(key), "%s%u", is_bits(entry) ? "b" : "",
		    entry->choices[i].raw);
		put(object, key, json_string(entry->choices[i].text));
	}
	return object;
}

static json_t *
entry_json(const struct map *map, const struct map_entry *entry)
{
	json_t *object = json_object();

	put(object, "name", json_string(entry->name));
	put(object, "quantity",
	    json_boolean(entry->quantity != QUANTITY_COUNT));
	if (entry->model != 0)
		put(object, "model", json_integer(entry->model));
	put(object, "function", json_integer(entry->function));
	put(object, "address", json_integer(entry->address));
	put(object, "words", json_integer(entry->words));
	put(object, "type", json_string(types[entry->type]));
	put(object, "unit", json_string(entry->unit));
	put(object, "scale", json_real(entry->scale));
	put(object, "offset", json_real(entry->offset));
	if (entry->scale_entry >= 0)
		put(object, "scale_point",
		    json_string(map->entries[entry->scale_entry].name));
	put(object, "poll", json_string(polls[entry->poll]));
	put(object, "confidence", json_string(confidences[entry->confidence]));
	put_writing(object, entry);
	if (entry->choices_count > 0)
		put(object, "values", choices_json(entry));
	return object;
}

json_t *
map_show_json(const struct map *map, const char *quirks)
{
	json_t *object = json_object(), *points = json_array();

	put(object, "name", json_string(map->name));
	put(object, "kind", json_string(kinds[map->kind]));
	put(object, "function", json_integer(map->function));
	put(object, "words_max", json_integer(map->words_max));
	put(object, "hole_max", json_integer(map->hole_max));
	put(object, "gap_ms", json_integer(map->gap_ms));
	if (map->serial.baud != 0) {
		put(object, "baud", json_integer(map->serial.baud));
		put(object, "format", json_string(map->serial.format));
	}
	if (map->tcp_port != 0)
		put(object, "tcp_port", json_integer(map->tcp_port));
	if (map->watchdog.timeout_s != 0)
		put(object, "watchdog_s",
		    json_integer(map->watchdog.timeout_s));
	if (quirks != NULL)
		put(object, "quirks", json_string(quirks));
	for (unsigned i = 0; i < map->entries_count; i++)
		(void)json_array_append_new(
		    points, entry_json(map, &map->entries[i]));
	put(object, "points", points);
	return object;
}
