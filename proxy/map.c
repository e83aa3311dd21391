/* SPDX-License-Identifier: MIT */
#include "proxy/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/yaml.h"
#include "proxy/map_check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TEXT_MAX = 400, SOURCE_MAX = 31 };

static const cyaml_strval_t order_words[] = {
	{ "high_first", MAP_HIGH_WORD_FIRST },
	{ "low_first", MAP_LOW_WORD_FIRST },
};
static const cyaml_strval_t type_words[] = {
	{ "u16", MAP_U16 },
	{ "s16", MAP_S16 },
	{ "u32", MAP_U32 },
	{ "s32", MAP_S32 },
	{ "f32", MAP_F32 },
};
static const cyaml_strval_t poll_words[] = {
	{ "slow", MAP_TEXT_SLOW },
	{ "fast", MAP_TEXT_FAST },
	{ "never", MAP_TEXT_NEVER },
};
static const cyaml_strval_t read_words[] = {
	{ "any", MAP_TEXT_READ_ANY },
	{ "alone", MAP_TEXT_READ_ALONE },
};
static const cyaml_strval_t access_words[] = {
	{ "r", MAP_TEXT_READ },
};

#define TEXT(key, flags, structure, max)                                       \
	CYAML_FIELD_STRING_PTR(                                                \
	    #key, CYAML_FLAG_POINTER | (flags), structure, key, 1, max)
#define NUMBER(key, flags, structure)                                          \
	CYAML_FIELD_UINT(#key, flags, structure, key)
#define WORD(key, flags, structure, words)                                     \
	CYAML_FIELD_ENUM(#key, CYAML_FLAG_STRICT | (flags), structure, key,    \
	    words, COUNT(words))

static const cyaml_schema_field_t serial_fields[] = {
	NUMBER(baud, CYAML_FLAG_OPTIONAL, struct map_text_serial),
	TEXT(format, CYAML_FLAG_OPTIONAL, struct map_text_serial, SOURCE_MAX),
	NUMBER(unit, CYAML_FLAG_OPTIONAL, struct map_text_serial),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t block_fields[] = {
	NUMBER(address, CYAML_FLAG_DEFAULT, struct map_text_block),
	NUMBER(count, CYAML_FLAG_DEFAULT, struct map_text_block),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t word_entry = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint32_t),
};

static const cyaml_schema_field_t constant_fields[] = {
	NUMBER(address, CYAML_FLAG_DEFAULT, struct map_text_constant),
	NUMBER(value, CYAML_FLAG_OPTIONAL, struct map_text_constant),
	CYAML_FIELD_SEQUENCE("words", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
	    struct map_text_constant, words, &word_entry, 1,
	    MAP_CONSTANT_WORDS_MAX),
	WORD(read, CYAML_FLAG_OPTIONAL, struct map_text_constant, read_words),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t point_fields[] = {
	TEXT(point, CYAML_FLAG_DEFAULT, struct map_text_point, SOURCE_MAX),
	NUMBER(address, CYAML_FLAG_DEFAULT, struct map_text_point),
	WORD(type, CYAML_FLAG_DEFAULT, struct map_text_point, type_words),
	TEXT(unit, CYAML_FLAG_OPTIONAL, struct map_text_point, SOURCE_MAX),
	CYAML_FIELD_FLOAT("scale", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
	    struct map_text_point, scale),
	WORD(poll, CYAML_FLAG_OPTIONAL, struct map_text_point, poll_words),
	WORD(access, CYAML_FLAG_OPTIONAL, struct map_text_point, access_words),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t block_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct map_text_block, block_fields),
};
static const cyaml_schema_value_t point_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct map_text_point, point_fields),
};

static const cyaml_schema_value_t constant_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct map_text_constant, constant_fields),
};

static const cyaml_schema_field_t map_fields[] = {
	TEXT(name, CYAML_FLAG_DEFAULT, struct map_text, MAP_NAME_SIZE - 1),
	NUMBER(function, CYAML_FLAG_DEFAULT, struct map_text),
	NUMBER(also_function, CYAML_FLAG_OPTIONAL, struct map_text),
	WORD(word_order, CYAML_FLAG_OPTIONAL, struct map_text, order_words),
	NUMBER(words_max, CYAML_FLAG_OPTIONAL, struct map_text),
	NUMBER(hole_max, CYAML_FLAG_OPTIONAL, struct map_text),
	NUMBER(gap_ms, CYAML_FLAG_OPTIONAL, struct map_text),
	CYAML_FIELD_MAPPING_PTR("serial", CYAML_FLAG_OPTIONAL, struct map_text,
	    serial, serial_fields),
	TEXT(source, CYAML_FLAG_OPTIONAL, struct map_text, TEXT_MAX),
	TEXT(confidence, CYAML_FLAG_OPTIONAL, struct map_text, TEXT_MAX),
	CYAML_FIELD_SEQUENCE("blocks", CYAML_FLAG_POINTER, struct map_text,
	    blocks, &block_entry, 1, MAP_BLOCKS_MAX),
	CYAML_FIELD_SEQUENCE("points", CYAML_FLAG_POINTER, struct map_text,
	    points, &point_entry, 1, MAP_POINTS_MAX),
	CYAML_FIELD_SEQUENCE("constants",
	    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct map_text,
	    constants, &constant_entry, 1, MAP_CONSTANTS_MAX),
	CYAML_FIELD_SEQUENCE("writes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
	    struct map_text, writes, &block_entry, 1, MAP_WRITES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t map_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct map_text, map_fields),
};

unsigned
map_type_words(enum map_type type)
{
	static const unsigned words[MAP_TYPE_COUNT] = {
		[MAP_U16] = 1,
		[MAP_S16] = 1,
		[MAP_U32] = 2,
		[MAP_S32] = 2,
		[MAP_F32] = 2,
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

static int
compare_points(const void *a, const void *b)
{
	const struct map_point *left = a, *right = b;
	return (left->address > right->address) -
	       (left->address < right->address);
}

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
fill_points(struct map *map, const struct map_text *text)
{
	for (unsigned i = 0; i < text->points_count; i++) {
		const struct map_text_point *point = &text->points[i];
		bool copy = point->poll == MAP_TEXT_NEVER;
		struct map_point *to = copy ? &map->copies[map->copies_count++]
		                            : &map->points[map->points_count++];
		*to = (struct map_point){
			.quantity = point->quantity,
			.address = (uint16_t)point->address,
			.type = point->type,
			.scale = point->scale,
			.fast = point->poll == MAP_TEXT_FAST,
		};
	}
}

/* From text that was checked whole; nothing can go wrong any more. */
static void
fill_map(struct map *map, const struct map_text *text)
{
	memset(map, 0, sizeof(*map));
	snprintf(map->name, sizeof(map->name), "%s", text->name);
	map->function = (uint8_t)text->function;
	map->also_function = (uint8_t)text->also_function;
	map->word_order = text->word_order;
	map->words_max = (uint16_t)text->words_max;
	map->hole_max = (uint16_t)text->hole_max;
	map->gap_ms = (uint16_t)text->gap_ms;
	map->blocks_count = text->blocks_count;
	fill_blocks(map->blocks, text->blocks, text->blocks_count);
	map->constants_count = text->constants_count;
	for (unsigned i = 0; i < text->constants_count; i++)
		fill_constant(&map->constants[i], &text->constants[i]);
	map->writes_count = text->writes_count;
	fill_blocks(map->writes, text->writes, text->writes_count);
	fill_points(map, text);
	qsort(map->points, map->points_count, sizeof(map->points[0]),
	    compare_points);
}

bool
map_load(
    const char *file_name, struct map *map, char *error, unsigned error_size)
{
	struct yaml_file *file = yaml_file_open(file_name, error, error_size);
	if (file == NULL)
		return false;
	struct map_text *text = yaml_file_load(file, &map_schema);
	bool good = text != NULL && map_check_text(text, file);
	if (good)
		fill_map(map, text);
	yaml_file_release(&map_schema, text);
	yaml_file_close(file);
	return good;
}
