/* SPDX-License-Identifier: MIT */
#include "proxy/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/yaml.h"
#include "proxy/map_check.h"
#include "proxy/map_choice.h"

unsigned
map_type_words(enum map_type type)
{
	static const unsigned words[MAP_TYPE_COUNT] = {
		[MAP_U16] = 1,
		[MAP_S16] = 1,
		[MAP_U32] = 2,
		[MAP_S32] = 2,
		[MAP_F32] = 2,
		[MAP_U64] = 4,
		[MAP_S64] = 4,
		[MAP_F64] = 4,
		[MAP_BOOL] = 1,
		[MAP_ENUM16] = 1,
		[MAP_BITS16] = 1,
		[MAP_BITS32] = 2,
		[MAP_BCD16] = 1,
		[MAP_HEX16] = 1,
		[MAP_DATETIME] = 6,
	};
	return words[type];
}

const struct map_point *
map_find(const struct map *map, enum quantity quantity)
{
	for (unsigned i = 0; i < map->points_count; i++)
		if (map->points[i].quantity == quantity)
			return &map->points[i];
	return NULL;
}

const struct map_entry *
map_entry(const struct map *map, const char *name)
{
	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];

		/* A second place of a quantity is not what is meant. */
		if (strcmp(entry->name, name) == 0 &&
		    (entry->quantity == QUANTITY_COUNT ||
			entry->poll != MAP_NEVER))
			return entry;
	}
	return NULL;
}

/* --- the header ----------------------------------------------------------- */

static void
fill_blocks(struct map_block *blocks, const struct map_text_block *texts,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		blocks[i].address = (uint16_t)texts[i].address;
		blocks[i].count = (uint16_t)texts[i].count;
	}
}

static void
fill_constant(
    struct map_constant *constant, const struct map_text_constant *text)
{
	constant->address = (uint16_t)text->address;
	constant->count = (uint16_t)map_text_constant_words(text);
	constant->alone = text->read == MAP_TEXT_READ_ALONE;
	constant->words[0] = (uint16_t)text->value;
	for (unsigned i = 0; i < text->words_count; i++)
		constant->words[i] = (uint16_t)text->words[i];
}

static void
fill_shown(struct map *map, const struct map_text *text)
{
	map->blocks_count = text->blocks_count;
	fill_blocks(map->blocks, text->blocks, text->blocks_count);
	map->constants_count = text->constants_count;
	for (unsigned i = 0; i < text->constants_count; i++)
		fill_constant(&map->constants[i], &text->constants[i]);
	map->writes_count = text->writes_count;
	fill_blocks(map->writes, text->writes, text->writes_count);
}

static void
fill_signs(struct map *map, const struct map_text *text)
{
	map->signs_count = text->identity_count;
	for (unsigned i = 0; i < text->identity_count; i++) {
		const struct map_text_sign *sign = &text->identity[i];

		map->signs[i] = (struct map_sign){
			.function = (uint8_t)sign->function,
			.address = (uint16_t)sign->address,
			.text = sign->text,
			.min = (uint16_t)sign->min,
			.max = (uint16_t)sign->max,
		};
	}
	map->holes_count = text->holes_count;
	for (unsigned i = 0; i < text->holes_count; i++) {
		map->holes[i].function = (uint8_t)text->holes[i].function;
		map->holes[i].address = (uint16_t)text->holes[i].address;
		map->holes[i].count = (uint16_t)text->holes[i].count;
	}
}

static int
index_of(const struct map_text *text, const char *name)
{
	for (unsigned i = 0; name != NULL && i < text->points_count; i++) {
		if (strcmp(map_text_point_name(&text->points[i]), name) == 0)
			return (int)i;
	}
	return -1;
}

static void
fill_watchdog(struct map *map, const struct map_text *text)
{
	const struct map_text_watchdog *watchdog = text->watchdog;

	if (watchdog == NULL)
		return;
	map->watchdog.timeout_s = watchdog->timeout_s;
	map->watchdog.resend_s = watchdog->resend_s;
	map->watchdog.points_count = watchdog->points_count;
	for (unsigned i = 0; i < watchdog->points_count; i++)
		map->watchdog.points[i] =
		    (uint16_t)index_of(text, watchdog->points[i]);
}

static void
fill_bases(struct map *map, const struct map_text *text)
{
	static const uint16_t usual[] = { 40000, 50000, 0 };
	const struct map_text_sunspec *sunspec = text->sunspec;

	if (sunspec == NULL)
		return;
	map->bases_count = sunspec->bases_count;
	for (unsigned i = 0; i < sunspec->bases_count; i++)
		map->bases[i] = (uint16_t)sunspec->bases[i];
	if (sunspec->bases != NULL)
		return;
	map->bases_count = sizeof(usual) / sizeof(usual[0]);
	memcpy(map->bases, usual, sizeof(usual));
}

static void
fill_device(struct map *map, const struct map_text *text)
{
	map->kind = text->kind;
	fill_signs(map, text);
	fill_watchdog(map, text);
	fill_bases(map, text);
	if (text->serial != NULL) {
		map->serial.baud = text->serial->baud;
		map->serial.unit = (uint8_t)text->serial->unit;
		snprintf(map->serial.format, sizeof(map->serial.format), "%s",
		    text->serial->format != NULL ? text->serial->format : "");
	}
	if (text->tcp != NULL)
		map->tcp_port = (uint16_t)text->tcp->port;
}

/* --- points ----------------------------------------------------------------
 */

static void
fill_writing(
    struct map_entry *entry, const struct map_text_point *point, bool has_range)
{
	entry->readable = point->access != MAP_TEXT_W;
	if (point->access == MAP_TEXT_R)
		return;
	entry->write_function = (uint8_t)point->write_function;
	entry->once = point->access == MAP_TEXT_ONCE;
	entry->stored = point->memory == MAP_TEXT_STORED;
	entry->life = point->life;
	entry->has_range = has_range;
	entry->min = point->min;
	entry->max = point->max;
}

/* Which keys are there is only known to the file. */
static bool
has_range(struct yaml_file *file, unsigned index)
{
	char block[32];

	snprintf(block, sizeof(block), "points[%u]", index);
	return yaml_file_has(file, block, "min");
}

static void
fill_entry(struct map_entry *entry, const struct map_text *text, unsigned index,
    struct yaml_file *file)
{
	const struct map_text_point *point = &text->points[index];
	const char *unit = point->unit != NULL ? point->unit : "";

	*entry = (struct map_entry){
		.name = map_text_point_name(point),
		.quantity = point->quantity,
		.unit = point->point != NULL ? quantity_unit(point->quantity)
		                             : unit,
		.address = (uint16_t)point->address,
		.model = (uint16_t)point->model,
		.words = (uint16_t)point->words,
		.function = (uint8_t)point->function,
		.type = point->type,
		.word_order = point->word_order,
		.poll = point->poll,
		.confidence = point->confidence,
		.scale = point->scale,
		.offset = point->offset,
		.scale_entry = index_of(text, point->scale_point),
		.invalid_count = point->invalid_count,
	};
	for (unsigned i = 0; i < point->invalid_count; i++)
		entry->invalid[i] = point->invalid[i];
	fill_writing(entry, point, has_range(file, index));
}

/* Behind the entries, in the same piece of memory. */
static void
fill_choices(struct map *map, struct map_text *text, struct map_choice *next)
{
	for (unsigned i = 0; i < map->entries_count; i++) {
		struct map_entry *entry = &map->entries[i];
		char *values = text->points[i].values;

		if (values == NULL)
			continue;
		entry->choices = next;
		entry->choices_count = map_choice_count(values);
		map_choice_split(values,
		    entry->type == MAP_BITS16 || entry->type == MAP_BITS32,
		    next);
		next += entry->choices_count;
	}
}

static bool
fill_entries(struct map *map, struct map_text *text, struct yaml_file *file)
{
	size_t choices = 0, size;

	for (unsigned i = 0; i < text->points_count; i++) {
		if (text->points[i].values != NULL)
			choices += map_choice_count(text->points[i].values);
	}
	size = text->points_count * sizeof(struct map_entry);
	map->entries = calloc(1, size + choices * sizeof(struct map_choice));
	if (map->entries == NULL)
		return false;
	map->entries_count = text->points_count;
	for (unsigned i = 0; i < text->points_count; i++)
		fill_entry(&map->entries[i], text, i, file);
	fill_choices(map, text,
	    (struct map_choice *)(void *)((char *)map->entries + size));
	return true;
}

/* Can the proxy poll and show it? */
static bool
is_polled(const struct map *map, const struct map_entry *entry)
{
	return entry->quantity != QUANTITY_COUNT && entry->readable &&
	       entry->function == map->function && entry->model == 0 &&
	       entry->type <= MAP_F32 && entry->offset == 0 &&
	       entry->scale_entry < 0 && entry->word_order == map->word_order;
}

static struct map_point
point_of(const struct map_entry *entry)
{
	struct map_point point = {
		.quantity = entry->quantity,
		.address = entry->address,
		.type = entry->type,
		.scale = entry->scale,
		.fast = entry->poll == MAP_FAST,
		.invalid_count = entry->invalid_count,
	};

	memcpy(point.invalid, entry->invalid, sizeof(point.invalid));
	return point;
}

static int
compare_points(const void *a, const void *b)
{
	const struct map_point *left = a, *right = b;
	return (left->address > right->address) -
	       (left->address < right->address);
}

static void
fill_points(struct map *map)
{
	for (unsigned i = 0; i < map->entries_count; i++) {
		const struct map_entry *entry = &map->entries[i];
		bool copy = entry->poll == MAP_NEVER;
		unsigned *count =
		    copy ? &map->copies_count : &map->points_count;

		if (is_polled(map, entry) && *count < MAP_POINTS_MAX)
			(copy ? map->copies : map->points)[(*count)++] =
			    point_of(entry);
	}
	qsort(map->points, map->points_count, sizeof(map->points[0]),
	    compare_points);
}

/* From text that was checked whole: only memory can be lacking. */
static bool
fill_map(struct map *map, struct map_text *text, struct yaml_file *file)
{
	memset(map, 0, sizeof(*map));
	snprintf(map->name, sizeof(map->name), "%s", text->name);
	map->function = (uint8_t)text->function;
	map->also_function = (uint8_t)text->also_function;
	map->word_order = text->word_order;
	map->words_max = (uint16_t)text->words_max;
	map->hole_max = (uint16_t)text->hole_max;
	map->gap_ms = (uint16_t)text->gap_ms;
	map->text = text;
	fill_shown(map, text);
	fill_device(map, text);
	if (!fill_entries(map, text, file))
		return false;
	fill_points(map);
	return true;
}

bool
map_load(
    const char *file_name, struct map *map, char *error, unsigned error_size)
{
	struct yaml_file *file = yaml_file_open(file_name, error, error_size);
	struct map_text *text;
	bool good;

	if (file == NULL)
		return false;
	text = yaml_file_load(file, &map_text_schema);
	good = text != NULL && map_check_text(text, file);
	if (good && !fill_map(map, text, file))
		good = yaml_file_refuse(file, "", NULL, "out of memory");
	if (!good)
		yaml_file_release(&map_text_schema, text);
	yaml_file_close(file);
	return good;
}

void
map_unload(struct map *map)
{
	free(map->entries);
	yaml_file_release(&map_text_schema, map->text);
	map->entries = NULL;
	map->text = NULL;
}
