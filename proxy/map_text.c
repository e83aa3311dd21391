/* SPDX-License-Identifier: MIT */
#include "proxy/map_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORD_MAX = 47, LINE_MAX = 400, VALUES_MAX = 4000, QUIRKS_MAX = 4000 };

static const cyaml_strval_t kind_words[] = {
	{ "meter", MAP_METER },
	{ "inverter", MAP_INVERTER },
	{ "battery", MAP_BATTERY },
	{ "wallbox", MAP_WALLBOX },
	{ "heater", MAP_HEATER },
	{ "other", MAP_OTHER },
};
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
	{ "u64", MAP_U64 },
	{ "s64", MAP_S64 },
	{ "f64", MAP_F64 },
	{ "bool", MAP_BOOL },
	{ "enum16", MAP_ENUM16 },
	{ "bits16", MAP_BITS16 },
	{ "bits32", MAP_BITS32 },
	{ "bcd16", MAP_BCD16 },
	{ "hex16", MAP_HEX16 },
	{ "string", MAP_STRING },
	{ "bytes", MAP_BYTES },
	{ "datetime", MAP_DATETIME },
};
static const cyaml_strval_t poll_words[] = {
	{ "slow", MAP_SLOW },
	{ "fast", MAP_FAST },
	{ "once", MAP_ONCE },
	{ "never", MAP_NEVER },
};
static const cyaml_strval_t read_words[] = {
	{ "any", MAP_TEXT_READ_ANY },
	{ "alone", MAP_TEXT_READ_ALONE },
};
static const cyaml_strval_t access_words[] = {
	{ "r", MAP_TEXT_R },
	{ "rw", MAP_TEXT_RW },
	{ "w", MAP_TEXT_W },
	{ "once", MAP_TEXT_ONCE },
};
static const cyaml_strval_t memory_words[] = {
	{ "volatile", MAP_TEXT_VOLATILE },
	{ "stored", MAP_TEXT_STORED },
};
static const cyaml_strval_t confidence_words[] = {
	{ "two", MAP_TWO },
	{ "one", MAP_ONE },
	{ "conflict", MAP_CONFLICT },
};

#define OPTIONAL CYAML_FLAG_OPTIONAL
#define REQUIRED CYAML_FLAG_DEFAULT
#define TEXT(key, flags, structure, max)                                       \
	CYAML_FIELD_STRING_PTR(                                                \
	    #key, CYAML_FLAG_POINTER | (flags), structure, key, 1, max)
#define NUMBER(key, flags, structure)                                          \
	CYAML_FIELD_UINT(#key, flags, structure, key)
#define REAL(key, structure)                                                   \
	CYAML_FIELD_FLOAT(#key, OPTIONAL | CYAML_FLAG_STRICT, structure, key)
#define WORD(key, flags, structure, words)                                     \
	CYAML_FIELD_ENUM(#key, CYAML_FLAG_STRICT | (flags), structure, key,    \
	    words, COUNT(words))
#define LIST(key, flags, structure, entry, max)                                \
	CYAML_FIELD_SEQUENCE(                                                  \
	    #key, CYAML_FLAG_POINTER | (flags), structure, key, entry, 1, max)
#define BLOCK(key, structure, fields)                                          \
	CYAML_FIELD_MAPPING_PTR(#key, OPTIONAL, structure, key, fields)
#define ENTRY(structure, fields)                                               \
	{                                                                      \
		CYAML_VALUE_MAPPING(REQUIRED, structure, fields),              \
	}

static const cyaml_schema_value_t number_entry = {
	CYAML_VALUE_UINT(REQUIRED, uint32_t),
};
static const cyaml_schema_value_t raw_entry = {
	CYAML_VALUE_UINT(REQUIRED, uint64_t),
};
static const cyaml_schema_value_t name_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, WORD_MAX),
};

static const cyaml_schema_field_t serial_fields[] = {
	NUMBER(baud, OPTIONAL, struct map_text_serial),
	TEXT(format, OPTIONAL, struct map_text_serial, WORD_MAX),
	NUMBER(unit, OPTIONAL, struct map_text_serial),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t tcp_fields[] = {
	NUMBER(port, OPTIONAL, struct map_text_tcp),
	NUMBER(unit, OPTIONAL, struct map_text_tcp),
	NUMBER(clients, OPTIONAL, struct map_text_tcp),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t block_fields[] = {
	NUMBER(address, REQUIRED, struct map_text_block),
	NUMBER(count, REQUIRED, struct map_text_block),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t block_entry =
    ENTRY(struct map_text_block, block_fields);

static const cyaml_schema_field_t hole_fields[] = {
	NUMBER(function, OPTIONAL, struct map_text_hole),
	NUMBER(address, REQUIRED, struct map_text_hole),
	NUMBER(count, REQUIRED, struct map_text_hole),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t hole_entry =
    ENTRY(struct map_text_hole, hole_fields);

static const cyaml_schema_field_t constant_fields[] = {
	NUMBER(address, REQUIRED, struct map_text_constant),
	NUMBER(value, OPTIONAL, struct map_text_constant),
	LIST(words, OPTIONAL, struct map_text_constant, &number_entry,
	    MAP_CONSTANT_WORDS_MAX),
	WORD(read, OPTIONAL, struct map_text_constant, read_words),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t constant_entry =
    ENTRY(struct map_text_constant, constant_fields);

static const cyaml_schema_field_t sign_fields[] = {
	NUMBER(function, OPTIONAL, struct map_text_sign),
	NUMBER(address, REQUIRED, struct map_text_sign),
	TEXT(text, OPTIONAL, struct map_text_sign, WORD_MAX),
	NUMBER(value, OPTIONAL, struct map_text_sign),
	NUMBER(min, OPTIONAL, struct map_text_sign),
	NUMBER(max, OPTIONAL, struct map_text_sign),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t sign_entry =
    ENTRY(struct map_text_sign, sign_fields);

static const cyaml_schema_field_t watchdog_fields[] = {
	NUMBER(timeout_s, REQUIRED, struct map_text_watchdog),
	NUMBER(resend_s, OPTIONAL, struct map_text_watchdog),
	LIST(points, OPTIONAL, struct map_text_watchdog, &name_entry,
	    MAP_SIGNS_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t sunspec_fields[] = {
	LIST(bases, OPTIONAL, struct map_text_sunspec, &number_entry,
	    MAP_BASES_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t point_fields[] = {
	TEXT(point, OPTIONAL, struct map_text_point, WORD_MAX),
	TEXT(name, OPTIONAL, struct map_text_point, WORD_MAX),
	NUMBER(address, REQUIRED, struct map_text_point),
	NUMBER(model, OPTIONAL, struct map_text_point),
	NUMBER(function, OPTIONAL, struct map_text_point),
	WORD(type, REQUIRED, struct map_text_point, type_words),
	NUMBER(words, OPTIONAL, struct map_text_point),
	WORD(word_order, OPTIONAL, struct map_text_point, order_words),
	TEXT(unit, OPTIONAL, struct map_text_point, WORD_MAX),
	REAL(scale, struct map_text_point),
	REAL(offset, struct map_text_point),
	TEXT(scale_point, OPTIONAL, struct map_text_point, WORD_MAX),
	LIST(invalid, OPTIONAL, struct map_text_point, &raw_entry,
	    MAP_INVALID_MAX),
	WORD(access, OPTIONAL, struct map_text_point, access_words),
	NUMBER(write_function, OPTIONAL, struct map_text_point),
	WORD(memory, OPTIONAL, struct map_text_point, memory_words),
	NUMBER(life, OPTIONAL, struct map_text_point),
	REAL(min, struct map_text_point),
	REAL(max, struct map_text_point),
	TEXT(values, OPTIONAL, struct map_text_point, VALUES_MAX),
	WORD(poll, OPTIONAL, struct map_text_point, poll_words),
	WORD(confidence, OPTIONAL, struct map_text_point, confidence_words),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t point_entry =
    ENTRY(struct map_text_point, point_fields);

static const cyaml_schema_field_t map_fields[] = {
	TEXT(name, REQUIRED, struct map_text, MAP_NAME_SIZE - 1),
	WORD(kind, OPTIONAL, struct map_text, kind_words),
	TEXT(models, OPTIONAL, struct map_text, LINE_MAX),
	TEXT(source, OPTIONAL, struct map_text, LINE_MAX),
	TEXT(confidence, OPTIONAL, struct map_text, LINE_MAX),
	TEXT(quirks, OPTIONAL, struct map_text, QUIRKS_MAX),
	BLOCK(serial, struct map_text, serial_fields),
	BLOCK(tcp, struct map_text, tcp_fields),
	NUMBER(function, REQUIRED, struct map_text),
	NUMBER(also_function, OPTIONAL, struct map_text),
	WORD(word_order, OPTIONAL, struct map_text, order_words),
	NUMBER(words_max, OPTIONAL, struct map_text),
	NUMBER(hole_max, OPTIONAL, struct map_text),
	NUMBER(gap_ms, OPTIONAL, struct map_text),
	LIST(holes, OPTIONAL, struct map_text, &hole_entry, MAP_HOLES_MAX),
	LIST(blocks, OPTIONAL, struct map_text, &block_entry, MAP_BLOCKS_MAX),
	BLOCK(watchdog, struct map_text, watchdog_fields),
	LIST(identity, OPTIONAL, struct map_text, &sign_entry, MAP_SIGNS_MAX),
	BLOCK(sunspec, struct map_text, sunspec_fields),
	LIST(points, REQUIRED, struct map_text, &point_entry, MAP_ENTRIES_MAX),
	LIST(constants, OPTIONAL, struct map_text, &constant_entry,
	    MAP_CONSTANTS_MAX),
	LIST(writes, OPTIONAL, struct map_text, &block_entry, MAP_WRITES_MAX),
	CYAML_FIELD_END,
};

const cyaml_schema_value_t map_text_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct map_text, map_fields),
};
