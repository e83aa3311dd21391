/* SPDX-License-Identifier: MIT */
#include "proxy/recognise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/value.h"

enum {
	CACHE_MAX = 768,
	REFUSED_MAX = 3, /* of a function that never worked; then it is gone */
	FUNCTIONS = 5,
	MARK_HIGH = 0x5375, /* "SunS" */
	MARK_LOW = 0x6e53,
	COMMON_MODEL = 1,
	END_MODEL = 0xffff,
	MAKER_AT = 2, /* behind the head of the common model */
	MODEL_AT = 18,
	BLOCK_TAIL = 2, /* registers at a block's end that are tried */
};

struct known {
	uint8_t function;
	uint8_t count;
	uint16_t address;
	enum recognise_answer answer;
	uint16_t words[RECOGNISE_WORDS_MAX];
};

/* Remembers, since many maps ask for the same. */
struct asker {
	const struct recognise_source *source;
	unsigned refused[FUNCTIONS];
	bool works[FUNCTIONS];
	unsigned count;
	struct known *known; /* CACHE_MAX, or NULL */
};

/* Alternating current as it comes out of the wall, and what no register of
 * another meaning is likely to hold. */
static const struct range {
	enum quantity quantity;
	double min, max;
	bool may_be_zero; /* a phase that is not wired */
} ranges[] = {
	{ QUANTITY_FREQUENCY, 45, 65, false },
	{ QUANTITY_VOLTAGE, 80, 300, false },
	{ QUANTITY_VOLTAGE_L1, 80, 300, false },
	{ QUANTITY_VOLTAGE_L2, 80, 300, true },
	{ QUANTITY_VOLTAGE_L3, 80, 300, true },
};

enum { RANGES = sizeof(ranges) / sizeof(ranges[0]), HELD_LEAST = 2 };

/* What each kind of evidence weighs. */
enum {
	WEIGHT_VALUE = 10,
	WEIGHT_CONSTANT = 15,
	WEIGHT_BLOCK = 2,
	WEIGHT_NO_BLOCK = -5,
};

static bool
recall(const struct asker *asker, uint8_t function, uint16_t address,
    uint16_t count, uint16_t *words, enum recognise_answer *answer)
{
	for (unsigned i = 0; i < asker->count; i++) {
		const struct known *known = &asker->known[i];

		if (known->function != function || known->address != address ||
		    known->count != count)
			continue;
		memcpy(words, known->words, count * sizeof(*words));
		*answer = known->answer;
		return true;
	}
	return false;
}

static void
remember(struct asker *asker, uint8_t function, uint16_t address,
    uint16_t count, const uint16_t *words, enum recognise_answer answer)
{
	struct known *known;

	if (asker->known == NULL || asker->count == CACHE_MAX)
		return;
	known = &asker->known[asker->count++];
	known->function = function;
	known->address = address;
	known->count = (uint8_t)count;
	known->answer = answer;
	memcpy(known->words, words, count * sizeof(*words));
}

static enum recognise_answer
get(struct asker *asker, uint8_t function, uint16_t address, uint16_t count,
    uint16_t *words)
{
	enum recognise_answer answer;

	if (function == 0 || function >= FUNCTIONS || count == 0 ||
	    count > RECOGNISE_WORDS_MAX || address + count > 65536)
		return RECOGNISE_NO_ADDRESS;
	if (!asker->works[function] && asker->refused[function] >= REFUSED_MAX)
		return RECOGNISE_NO_FUNCTION;
	if (recall(asker, function, address, count, words, &answer))
		return answer;
	memset(words, 0, count * sizeof(*words));
	answer = asker->source->read(
	    asker->source->context, function, address, count, words);
	if (answer == RECOGNISE_WORDS)
		asker->works[function] = true;
	else if (answer == RECOGNISE_NO_FUNCTION)
		asker->refused[function]++;
	remember(asker, function, address, count, words, answer);
	return answer;
}

void
recognise_text(const uint16_t *words, unsigned count, char *text)
{
	unsigned length = 0;

	for (unsigned i = 0; i < 2 * count; i++) {
		unsigned byte =
		    i % 2 == 0 ? words[i / 2] >> 8u : words[i / 2] & 0xffu;

		if (byte == 0)
			break;
		text[length++] = byte >= ' ' && byte <= '~' ? (char)byte : '?';
	}
	while (length > 0 && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
}

/* Signs */

static bool
sign_holds(struct asker *asker, const struct map_sign *sign)
{
	uint16_t words[RECOGNISE_WORDS_MAX];
	char text[2 * RECOGNISE_WORDS_MAX + 1];
	size_t length = sign->text != NULL ? strlen(sign->text) : 2;
	uint16_t count = (uint16_t)((length + 1) / 2);

	if (count > RECOGNISE_WORDS_MAX) {
		count = RECOGNISE_WORDS_MAX;
		length = 2 * RECOGNISE_WORDS_MAX;
	}
	if (get(asker, sign->function, sign->address, count, words) !=
	    RECOGNISE_WORDS)
		return false;
	if (sign->text == NULL)
		return words[0] >= sign->min && words[0] <= sign->max;
	recognise_text(words, count, text);
	return strncmp(text, sign->text, length) == 0;
}

static bool
match_signs(
    struct asker *asker, const struct map *map, struct recognise_match *match)
{
	for (unsigned i = 0; i < map->signs_count; i++)
		if (!sign_holds(asker, &map->signs[i]))
			return false;
	match->how = RECOGNISE_SIGNS;
	match->held = map->signs_count;
	match->score = (int)map->signs_count;
	return true;
}

/* SunSpec */

static void
read_common(
    struct asker *asker, uint16_t head, struct recognise_sunspec *sunspec)
{
	uint16_t words[RECOGNISE_WORDS_MAX];

	if (get(asker, 3, (uint16_t)(head + MAKER_AT), RECOGNISE_WORDS_MAX,
		words) == RECOGNISE_WORDS)
		recognise_text(words, RECOGNISE_WORDS_MAX, sunspec->maker);
	if (get(asker, 3, (uint16_t)(head + MODEL_AT), RECOGNISE_WORDS_MAX,
		words) == RECOGNISE_WORDS)
		recognise_text(words, RECOGNISE_WORDS_MAX, sunspec->model);
}

static void
walk_models(struct asker *asker, struct recognise_sunspec *sunspec)
{
	uint32_t head = sunspec->base + 2u;
	uint16_t words[2];

	while (head <= 65534 && sunspec->count < RECOGNISE_MODELS_MAX &&
	       get(asker, 3, (uint16_t)head, 2, words) == RECOGNISE_WORDS &&
	       words[0] != END_MODEL && words[0] != 0) {
		if (words[0] == COMMON_MODEL)
			read_common(asker, (uint16_t)head, sunspec);
		sunspec->models[sunspec->count++] = words[0];
		head += 2u + words[1];
	}
}

static bool
has_mark(struct asker *asker, uint16_t base)
{
	uint16_t words[2];

	return get(asker, 3, base, 2, words) == RECOGNISE_WORDS &&
	       words[0] == MARK_HIGH && words[1] == MARK_LOW;
}

static void
look_for_mark(struct asker *asker, const struct catalogue *catalogue,
    struct recognise_sunspec *sunspec)
{
	static const uint16_t usual[] = { 40000, 50000, 0 };
	const struct map *map;

	for (unsigned i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (!sunspec->found && has_mark(asker, usual[i]))
			*sunspec = (struct recognise_sunspec){ .found = true,
				.base = usual[i] };
	for (unsigned i = 0; i < catalogue->count; i++) {
		map = &catalogue->maps[i].map;
		for (unsigned k = 0; k < map->bases_count; k++)
			if (!sunspec->found && has_mark(asker, map->bases[k]))
				*sunspec =
				    (struct recognise_sunspec){ .found = true,
					    .base = map->bases[k] };
	}
	if (sunspec->found)
		walk_models(asker, sunspec);
}

static bool
reads_model(const struct map *map, uint16_t model)
{
	for (unsigned i = 0; i < map->entries_count; i++)
		if (map->entries[i].model == model)
			return true;
	return false;
}

/* A map that reads more of what is there says more of it. */
static bool
match_sunspec(const struct map *map, const struct recognise_sunspec *sunspec,
    struct recognise_match *match)
{
	for (unsigned i = 0; i < sunspec->count; i++)
		if (sunspec->models[i] != COMMON_MODEL &&
		    reads_model(map, sunspec->models[i]))
			match->held++;
	match->how = RECOGNISE_SUNSPEC;
	match->score = (int)match->held;
	return match->held > 0;
}

/* Plausibility */

static const struct range *
range_of(const struct map_entry *entry)
{
	if (!entry->readable || entry->poll == MAP_NEVER || entry->model != 0 ||
	    entry->words > 4)
		return NULL;
	for (unsigned i = 0; i < RANGES; i++)
		if (ranges[i].quantity == entry->quantity)
			return &ranges[i];
	return NULL;
}

/* 1: as it must be, 0: nothing to say, -1: something else. */
static int
judge_value(struct asker *asker, const struct map *map,
    const struct map_entry *entry, const struct range *range,
    enum recognise_answer *answer)
{
	uint16_t words[RECOGNISE_WORDS_MAX];
	struct value value;
	int scale10 = 0;

	*answer =
	    get(asker, entry->function, entry->address, entry->words, words);
	if (*answer != RECOGNISE_WORDS)
		return -1;
	if (entry->scale_entry >= 0) {
		uint16_t scale[RECOGNISE_WORDS_MAX];
		const struct map_entry *of = &map->entries[entry->scale_entry];

		*answer =
		    get(asker, of->function, of->address, of->words, scale);
		if (*answer != RECOGNISE_WORDS)
			return -1;
		value_get(of, scale, 0, &value);
		if (value.kind != VALUE_NUMBER || value.number < -10 ||
		    value.number > 10)
			return -1;
		scale10 = (int)value.number;
	}
	value_get(entry, words, scale10, &value);
	if (value.kind != VALUE_NUMBER)
		return -1;
	if (range->may_be_zero && value.number <= 0 && value.number >= 0)
		return 0;
	return value.number >= range->min && value.number <= range->max ? 1
	                                                                : -1;
}

static bool
values_hold(struct asker *asker, const struct map *map, unsigned *held)
{
	enum recognise_answer answer;
	const struct range *range;
	int verdict;

	*held = 0;
	for (unsigned i = 0; i < map->entries_count; i++) {
		range = range_of(&map->entries[i]);
		if (range == NULL)
			continue;
		verdict =
		    judge_value(asker, map, &map->entries[i], range, &answer);
		if (verdict < 0)
			return false;
		*held += verdict > 0;
	}
	return *held >= HELD_LEAST;
}

void
recognise_values(const struct map *map, const struct recognise_source *source,
    unsigned *held, unsigned *broken)
{
	struct asker asker = { .source = source };
	enum recognise_answer answer;
	const struct range *range;
	int verdict;

	*held = *broken = 0;
	for (unsigned i = 0; i < map->entries_count; i++) {
		range = range_of(&map->entries[i]);
		if (range == NULL)
			continue;
		verdict =
		    judge_value(&asker, map, &map->entries[i], range, &answer);
		*held += verdict > 0;
		*broken += verdict < 0 && answer == RECOGNISE_WORDS;
	}
}

/* The ends of the blocks tell relatives apart: one has registers that the
 * other refuses. */
static int
weigh_blocks(struct asker *asker, const struct map *map)
{
	uint16_t words[RECOGNISE_WORDS_MAX];
	int weight = 0;

	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];
		uint16_t count =
		    block->count < BLOCK_TAIL ? block->count : BLOCK_TAIL;
		uint16_t at = (uint16_t)(block->address + block->count - count);

		weight += get(asker, map->function, at, count, words) ==
		                  RECOGNISE_WORDS
		              ? WEIGHT_BLOCK
		              : WEIGHT_NO_BLOCK;
	}
	return weight;
}

/* What is shown as the model's mark is what the model has. A long one also
 * holds serial numbers and settings; these differ. */
static int
weigh_constants(struct asker *asker, const struct map *map)
{
	uint16_t words[RECOGNISE_WORDS_MAX];
	int weight = 0;

	for (unsigned i = 0; i < map->constants_count; i++) {
		const struct map_constant *constant = &map->constants[i];

		if (constant->count > 2 || constant->words[0] == 0 ||
		    get(asker, map->function, constant->address,
			constant->count, words) != RECOGNISE_WORDS)
			continue;
		if (memcmp(words, constant->words,
			constant->count * sizeof(*words)) == 0)
			weight += WEIGHT_CONSTANT;
	}
	return weight;
}

static bool
match_values(
    struct asker *asker, const struct map *map, struct recognise_match *match)
{
	if (!values_hold(asker, map, &match->held))
		return false;
	match->how = RECOGNISE_PLAUSIBLE;
	match->score = (int)match->held * WEIGHT_VALUE +
	               weigh_blocks(asker, map) + weigh_constants(asker, map);
	return true;
}

/* All of it */

static bool
is_better(const struct recognise_match *a, const struct recognise_match *b)
{
	if (a->how != b->how)
		return a->how > b->how;
	return a->score > b->score;
}

static void
insert(struct recognise_result *result, const struct recognise_match *match)
{
	unsigned at = result->count;

	if (at == RECOGNISE_MATCHES_MAX) {
		if (!is_better(match, &result->matches[--at]))
			return;
	} else {
		result->count++;
	}
	while (at > 0 && is_better(match, &result->matches[at - 1])) {
		result->matches[at] = result->matches[at - 1];
		at--;
	}
	result->matches[at] = *match;
}

static void
count_equal(struct recognise_result *result)
{
	while (result->equal < result->count &&
	       !is_better(&result->matches[0], &result->matches[result->equal]))
		result->equal++;
}

void
recognise_device(const struct catalogue *catalogue,
    const struct recognise_source *source, struct recognise_result *result)
{
	struct asker asker = { .source = source,
		.known = calloc(CACHE_MAX, sizeof(struct known)) };
	bool good;

	*result = (struct recognise_result){ 0 };
	look_for_mark(&asker, catalogue, &result->sunspec);
	for (unsigned i = 0; i < catalogue->count; i++) {
		const struct map *map = &catalogue->maps[i].map;
		struct recognise_match match = { .map = i };

		if (map->signs_count > 0)
			good = match_signs(&asker, map, &match);
		else if (map->bases_count > 0)
			good = match_sunspec(map, &result->sunspec, &match);
		else
			good = match_values(&asker, map, &match);
		if (good)
			insert(result, &match);
	}
	count_equal(result);
	free(asker.known);
}

const char *
recognise_how_name(enum recognise_how how)
{
	static const char *const names[] = {
		[RECOGNISE_NOT] = "unknown",
		[RECOGNISE_PLAUSIBLE] = "plausible",
		[RECOGNISE_SUNSPEC] = "sunspec",
		[RECOGNISE_SIGNS] = "signs",
	};
	return names[how];
}
