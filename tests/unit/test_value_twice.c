/* SPDX-License-Identifier: MIT */
/* proxy/value.c against the simulated house's own reading of the same
 * contract: what one of them gets wrong, the other does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "proxy/value.h"
#include "tests/house/witness.h"
#include "tests/unit/draw.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS_MAX = 16, ROUNDS = 400000, SCALE10_MAX = 3 };

/* So that they do not agree on what is wrong. */
static void
both_know_what_is_known(void **state)
{
	static const struct {
		enum map_type type;
		enum map_word_order order;
		double scale;
		double offset;
		uint16_t words[4];
		double number;
	} rows[] = {
		{ MAP_U16, MAP_HIGH_WORD_FIRST, 0.1, 0, { 2304 }, 230.4 },
		{ MAP_S16, MAP_HIGH_WORD_FIRST, -1, 0, { 0xffff }, 1 },
		{ MAP_U16, MAP_HIGH_WORD_FIRST, 0.1, 1000, { 1250 }, 25 },
		{ MAP_U32, MAP_HIGH_WORD_FIRST, 1, 0, { 1, 2 }, 65538 },
		{ MAP_S32, MAP_LOW_WORD_FIRST, 1, 0, { 0xfffe, 0xffff }, -2 },
		{ MAP_F32, MAP_HIGH_WORD_FIRST, 1, 0, { 0x47f1, 0x2000 },
		    123456 },
		{ MAP_F32, MAP_LOW_WORD_FIRST, 1, 0, { 0x2000, 0x47f1 },
		    123456 },
		{ MAP_U64, MAP_HIGH_WORD_FIRST, 1, 0, { 0, 1, 0, 2 },
		    4294967298 },
		{ MAP_S64, MAP_LOW_WORD_FIRST, 1, 0,
		    { 0xfffd, 0xffff, 0xffff, 0xffff }, -3 },
		{ MAP_F64, MAP_HIGH_WORD_FIRST, 1, 0, { 0xc059 }, -100 },
		{ MAP_BCD16, MAP_HIGH_WORD_FIRST, 1, 0, { 0x1234 }, 1234 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct map_entry entry = { .type = rows[i].type,
			.word_order = rows[i].order,
			.scale = rows[i].scale,
			.offset = rows[i].offset,
			.scale_entry = -1,
			.words = (uint16_t)map_type_words(rows[i].type) };
		struct value value, witness;

		value_get(&entry, rows[i].words, 0, &value);
		witness_get(&entry, rows[i].words, 0, &witness);
		assert_int_equal(value.kind, VALUE_NUMBER);
		assert_int_equal(witness.kind, VALUE_NUMBER);
		assert_true(fabs(value.number - rows[i].number) < 1e-9);
		assert_true(fabs(witness.number - rows[i].number) < 1e-9);
	}
}

static bool
is_plain(enum map_type type)
{
	return type == MAP_BOOL || type == MAP_ENUM16 || type == MAP_BITS16 ||
	       type == MAP_BITS32 || type == MAP_HEX16;
}

static bool
is_text(const struct map_entry *entry)
{
	return entry->type == MAP_STRING || entry->type == MAP_BYTES ||
	       entry->type == MAP_DATETIME;
}

static bool
is_float(const struct map_entry *entry)
{
	return entry->type == MAP_F32 || entry->type == MAP_F64;
}

/* Half of them from the corners. */
static uint16_t
draw_word(uint64_t *seed)
{
	static const uint16_t corners[] = { 0, 1, 0x7fff, 0x8000, 0xffff,
		0x7f80, 0x7fc0, 0x7ff8, 0x1234, 0x4120 };

	if (draw_below(seed, 2) == 0)
		return corners[draw_below(seed, COUNT(corners))];
	return (uint16_t)draw_below(seed, 65536);
}

static void
draw_entry(uint64_t *seed, struct map_entry *entry, int *scale10)
{
	static const double scales[] = { 1, 1, -1, 0.1, -0.1, 0.01, 10, 1000,
		0.001, 0.5 };
	static const double offsets[] = { 0, 0, 0, 4000, 400, -50 };

	*entry = (struct map_entry){ .name = "drawn", .unit = "W" };
	entry->type = (enum map_type)draw_below(seed, MAP_TYPE_COUNT);
	entry->words = (uint16_t)map_type_words(entry->type);
	if (entry->words == 0)
		entry->words = (uint16_t)(1 + draw_below(seed, WORDS_MAX));
	entry->word_order =
	    draw_below(seed, 2) ? MAP_LOW_WORD_FIRST : MAP_HIGH_WORD_FIRST;
	/* SunSpec has no bool. */
	entry->model = entry->type != MAP_BOOL && draw_below(seed, 2) ? 103 : 0;
	entry->scale = 1;
	entry->scale_entry = -1;
	*scale10 = 0;
	if (is_text(entry) || is_plain(entry->type))
		return;
	entry->scale = scales[draw_below(seed, COUNT(scales))];
	if (!is_float(entry))
		entry->offset = offsets[draw_below(seed, COUNT(offsets))];
	if (draw_below(seed, 4) == 0) {
		entry->scale_entry = 1;
		*scale10 =
		    (int)draw_below(seed, 2 * SCALE10_MAX + 1) - SCALE10_MAX;
	}
}

static void
draw_invalid(uint64_t *seed, struct map_entry *entry)
{
	entry->invalid_count = is_text(entry) ? 0 : draw_below(seed, 3);
	for (unsigned i = 0; i < entry->invalid_count; i++)
		for (unsigned j = 0; j < entry->words; j++)
			entry->invalid[i] =
			    entry->invalid[i] << 16 | draw_word(seed);
}

/* Texts as devices have them: printable, then filled up. */
static void
draw_text_words(uint64_t *seed, const struct map_entry *entry, uint16_t *words)
{
	unsigned length = draw_below(seed, 2U * entry->words + 1);
	unsigned fill = draw_below(seed, 2) ? ' ' : 0;

	for (unsigned i = 0; i < 2U * entry->words; i++) {
		unsigned byte = i < length ? 33 + draw_below(seed, 94) : fill;

		words[i / 2] =
		    (uint16_t)(i % 2 == 0 ? byte << 8 : words[i / 2] | byte);
	}
}

static void
draw_words(uint64_t *seed, const struct map_entry *entry, uint16_t *words)
{
	for (unsigned i = 0; i < entry->words; i++)
		words[i] = draw_word(seed);
	if (entry->type == MAP_STRING)
		draw_text_words(seed, entry, words);
	if (entry->type == MAP_DATETIME) {
		static const unsigned spans[] = { 200, 15, 35, 26, 64, 64 };

		for (unsigned i = 0; i < COUNT(spans); i++)
			words[i] = (uint16_t)draw_below(seed, spans[i]);
		if (draw_below(seed, 2))
			words[0] = (uint16_t)(2000 + words[0]);
	}
}

static bool
same_number(double a, double b)
{
	return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)) + 1e-12;
}

static void
tell(const struct map_entry *entry, const uint16_t *words, int scale10,
    const struct value *value, const struct value *witness)
{
	printf("type %d, order %d, scale %g, offset %g, scale10 %d, model %u,"
	       " words",
	    (int)entry->type, (int)entry->word_order, entry->scale,
	    entry->offset, scale10, (unsigned)entry->model);
	for (unsigned i = 0; i < entry->words; i++)
		printf(" %04x", words[i]);
	printf("\nvalue: kind %d, %.17g, \"%s\"\nhouse: kind %d, %.17g,"
	       " \"%s\"\n",
	    (int)value->kind, value->number, value->text, (int)witness->kind,
	    witness->number, witness->text);
}

static bool
agree(const struct value *value, const struct value *witness)
{
	if (value->kind != witness->kind)
		return false;
	if (value->kind == VALUE_NUMBER)
		return same_number(value->number, witness->number);
	return value->kind == VALUE_NONE ||
	       strcmp(value->text, witness->text) == 0;
}

static void
whatever_the_registers_hold_is_read_alike(void **state)
{
	unsigned kinds[3] = { 0 };
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint16_t words[WORDS_MAX] = { 0 };
		struct value value, witness;
		struct map_entry entry;
		int scale10;

		draw_entry(&seed, &entry, &scale10);
		draw_invalid(&seed, &entry);
		draw_words(&seed, &entry, words);
		value_get(&entry, words, scale10, &value);
		witness_get(&entry, words, scale10, &witness);
		if (!agree(&value, &witness))
			tell(&entry, words, scale10, &value, &witness);
		assert_true(agree(&value, &witness));
		kinds[value.kind]++;
	}
	for (size_t i = 0; i < COUNT(kinds); i++)
		assert_true(kinds[i] > ROUNDS / 100);
}

/* Off the middle between two steps, where both ways are right. */
static double
draw_number(uint64_t *seed, const struct map_entry *entry, int scale10)
{
	double step = entry->scale * pow(10, scale10);
	double reach = pow(2, draw_between(seed, 0, 17.0 * entry->words));
	double raw = draw_between(seed, -reach, reach);

	/* The ends of what a register holds, and one beyond. */
	if (entry->words <= 2 && draw_below(seed, 8) == 0)
		raw = (draw_below(seed, 2) ? 1 : -1) *
		          exp2(16 * entry->words - (int)draw_below(seed, 2)) -
		      draw_below(seed, 3) + 1;
	else if (entry->type == MAP_BCD16)
		raw = draw_between(seed, -100, 10100);
	if (entry->type == MAP_BOOL)
		return draw_below(seed, 3);
	if (is_float(entry) && draw_below(seed, 4) == 0)
		raw = copysign(pow(10, draw_between(seed, -40, 40)), raw);
	if (is_plain(entry->type))
		return floor(raw);
	if (!is_float(entry) && fabs(raw) < 1e12)
		raw = floor(raw) + draw_between(seed, -0.45, 0.45);
	return (raw - entry->offset) * step;
}

/* Of floats, and of integers longer than a double, the last bit is
 * anybody's. */
static bool
same_words(const struct map_entry *entry, int scale10, const uint16_t *a,
    const uint16_t *b)
{
	double step = witness_step(entry, scale10, 0);
	struct value first, second;
	double slack;

	if (memcmp(a, b, 2 * (size_t)entry->words) == 0)
		return true;
	if (!is_float(entry) && entry->words < 4)
		return false;
	witness_get(entry, a, scale10, &first);
	witness_get(entry, b, scale10, &second);
	slack = fabs(first.number) +
	        fabs(entry->offset * entry->scale) * pow(10, scale10 + 1);
	slack *= entry->type == MAP_F32 ? 0x1p-23 : 0x1p-51;
	return fabs(first.number - second.number) <= slack + 1.01 * step;
}

static void
whatever_is_put_stands_there_alike(void **state)
{
	unsigned held = 0;
	uint64_t seed = 2;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint16_t words[WORDS_MAX] = { 0 }, other[WORDS_MAX] = { 0 };
		struct value value = { .kind = VALUE_NUMBER }, none = { 0 };
		struct map_entry entry;
		char error[200] = "";
		int scale10;
		bool fits, does;

		draw_entry(&seed, &entry, &scale10);
		draw_invalid(&seed, &entry);
		if (is_text(&entry)) {
			draw_words(&seed, &entry, words);
			witness_get(&entry, words, scale10, &value);
			if (value.kind != VALUE_TEXT)
				continue;
			memset(words, 0, sizeof(words));
		} else {
			value.number = draw_number(&seed, &entry, scale10);
		}
		does = witness_put(&entry, &value, scale10, other);
		fits = value_put(
		    &entry, &value, scale10, words, error, sizeof(error));
		if (fits != does ||
		    (fits && !same_words(&entry, scale10, words, other))) {
			tell(&entry, words, scale10, &value, &none);
			tell(&entry, other, scale10, &value, &none);
			printf("value %d (%s), house %d\n", fits, error, does);
		}
		assert_int_equal(fits, does);
		assert_true(fits || error[0] != '\0');
		if (!fits)
			continue;
		held++;
		assert_true(same_words(&entry, scale10, words, other));
	}
	assert_true(held > ROUNDS / 3);
}

static void
a_step_is_a_step(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < ROUNDS / 100; round++) {
		struct map_entry entry;
		int scale10;
		double step;

		draw_entry(&seed, &entry, &scale10);
		step = value_step(&entry, scale10);
		if (is_text(&entry) || is_float(&entry))
			assert_true(step == 0);
		else
			assert_true(same_number(
			    step, witness_step(&entry, scale10, 1)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_know_what_is_known),
		cmocka_unit_test(whatever_the_registers_hold_is_read_alike),
		cmocka_unit_test(whatever_is_put_stands_there_alike),
		cmocka_unit_test(a_step_is_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
