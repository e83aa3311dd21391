/* SPDX-License-Identifier: MIT */
#include "proxy/pattern.h"

#include <stdbool.h>
#include <string.h>

enum { ASKS_MAX = 20, PERCENT_LEAST = 40 };

struct ask {
	uint8_t function;
	uint16_t address;
	uint16_t count;
	bool always; /* all the time, in every round; else now and then */
};

#define ALWAYS(function, address, count)                                       \
	{                                                                      \
		function, address, count, true                                 \
	}
#define ALSO(function, address, count)                                         \
	{                                                                      \
		function, address, count, false                                \
	}

/*
 * What inverters ask their meter; from recordings on the wire and from
 * emulators that they accept. The unit is the usual one; 0: the inverter's
 * own. Of a family that can do with several meters each is a row.
 */
static const struct family {
	const char *name;
	const char *map;
	uint8_t unit;
	struct ask asks[ASKS_MAX];
} families[] = {
	{ "Solis S5 hybrid, meter type Acrel 1-phase", "acrel-1p-solis", 0,
	    { ALWAYS(3, 0, 65) } },
	{ "Solis S6, meter type Eastron", "eastron-sdm630", 1,
	    { ALWAYS(4, 52, 10) } },
	{ "Solis, meter type Eastron 3-phase", "eastron-sdm630", 0,
	    { ALWAYS(4, 0, 71), ALSO(4, 72, 4), ALSO(4, 74, 2),
		ALSO(4, 342, 2) } },
	{ "Deye / Sunsynk hybrid", "eastron-sdm630", 1,
	    { ALWAYS(4, 0x0C, 2), ALWAYS(4, 0x0E, 2), ALWAYS(4, 0x10, 2),
		ALSO(4, 0x12, 2), ALSO(4, 0x48, 2), ALSO(4, 0x4A, 2) } },
	{ "Growatt, one phase", "eastron-sdm230", 1,
	    { ALWAYS(4, 0, 14), ALSO(4, 70, 10), ALSO(4, 342, 4) } },
	{ "Growatt, Eastron at unit 2", "eastron-sdm630", 2,
	    { ALWAYS(4, 52, 12), ALSO(4, 0, 18), ALSO(4, 70, 10),
		ALSO(4, 342, 4) } },
	{ "Growatt MIC", "eastron-sdm630", 2, { ALWAYS(4, 52, 2) } },
	{ "Growatt MOD / MIN, Chint at unit 4", "chint-dtsu666-growatt", 4,
	    { ALWAYS(3, 0x2012, 16), ALWAYS(3, 0x2000, 18), ALSO(3, 0x202A, 28),
		ALSO(3, 0x101E, 12), ALSO(3, 6, 2), ALSO(3, 0, 0) } },
	{ "Huawei SUN2000", "chint-dtsu666-h", 11,
	    { ALWAYS(3, 2102, 80), ALSO(3, 2001, 1), ALSO(3, 3, 1),
		ALSO(3, 2214, 10) } },
	{ "SolarEdge", "wattnode-se-mtr", 2,
	    { ALWAYS(3, 1000, 34), ALSO(3, 1010, 6), ALSO(3, 1011, 6),
		ALSO(3, 1100, 68), ALSO(3, 1600, 7), ALSO(3, 1650, 6),
		ALSO(3, 1700, 8), ALSO(3, 1608, 4), ALSO(3, 1608, 1),
		ALSO(16, 1608, 4), ALSO(6, 1608, 1) } },
	{ "Fronius GEN24", "fronius-ts65a", 1,
	    { ALWAYS(3, 258, 16), ALWAYS(3, 286, 42), ALSO(3, 1024, 16) } },
	{ "Sungrow SG / SH", "acrel-s100-sungrow", 254,
	    { ALWAYS(3, 0x0164, 8), ALSO(3, 0x000A, 12), ALSO(3, 0x0061, 3),
		ALSO(3, 0x0077, 1), ALSO(3, 0x5000, 1), ALSO(3, 0x003F, 1),
		ALSO(3, 0x0014, 12) } },
	{ "SolaX X1 with a DDSU666", "chint-ddsu666", 1,
	    { ALWAYS(3, 0x2004, 2), ALSO(3, 0x000B, 1) } },
	{ "SolaX X3 with a DTSU666", "chint-dtsu666", 1,
	    { ALWAYS(3, 0x2012, 16), ALSO(3, 0x2012, 8), ALSO(3, 0x000B, 1) } },
	{ "SolaX X1 with an SDM230", "eastron-sdm230", 1,
	    { ALWAYS(4, 0x0C, 2), ALSO(3, 0x000B, 1), ALSO(4, 0x48, 2),
		ALSO(4, 0x4A, 2) } },
	{ "FoxESS H3 / KH", "chint-dtsu666-foxess", 1,
	    { ALWAYS(3, 0x1510, 64), ALSO(3, 0x151E, 14),
		ALSO(3, 0x181E, 20) } },
	{ "Victron GX with an EM24", "carlo-gavazzi-em24", 1,
	    { ALWAYS(3, 0x28, 2), ALWAYS(3, 0x12, 6), ALSO(3, 0x0B, 1),
		ALSO(3, 0x1101, 2), ALSO(3, 0x24, 2), ALSO(3, 0, 6),
		ALSO(3, 0x0C, 6), ALSO(3, 0x3E, 2), ALSO(3, 0x46, 6),
		ALSO(3, 0x5C, 2), ALSO(3, 0x0302, 1), ALSO(3, 0x1300, 7),
		ALSO(3, 0x0303, 1), ALSO(3, 0x36, 1), ALSO(3, 0x0304, 1),
		ALSO(6, 0x1101, 1), ALSO(6, 0x1102, 1) } },
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* Percents: what it is made of. */
enum {
	OF_QUESTIONS = 85, /* questions that the family asks */
	OF_ASKS = 10, /* its questions that were heard */
	OF_UNIT = 5,
	OF_REGISTERS = 60, /* of a map: questions that find registers in it */
	OF_POWER = 10, /* the power is among them */
	OF_VALUES = 15, /* voltages and frequency were plausible */
};

static const struct ask *
find_ask(const struct family *family, const struct polls_row *row)
{
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		const struct ask *ask = &family->asks[i];

		if (ask->function == row->function &&
		    ask->address == row->address && ask->count == row->count)
			return ask;
	}
	return NULL;
}

static bool
was_asked(const struct polls *polls, uint8_t unit, const struct ask *ask)
{
	for (unsigned i = 0; i < polls->count; i++) {
		const struct polls_row *row = &polls->rows[i];

		if (row->unit == unit && row->function == ask->function &&
		    row->address == ask->address && row->count == ask->count)
			return true;
	}
	return false;
}

/* The family's own way is seen when all that it always asks was asked. */
static unsigned
family_percent(
    const struct family *family, const struct polls *polls, uint8_t unit)
{
	unsigned fit = 0, times = 0, heard = 0, asks = 0, core = 0, always = 0;

	for (unsigned i = 0; i < polls->count; i++) {
		const struct polls_row *row = &polls->rows[i];

		if (row->unit != unit)
			continue;
		times += row->times;
		if (find_ask(family, row) != NULL)
			fit += row->times;
	}
	for (unsigned i = 0; i < ASKS_MAX; i++) {
		const struct ask *ask = &family->asks[i];
		bool asked;

		if (ask->function == 0)
			break;
		asked = was_asked(polls, unit, ask);
		asks++;
		heard += asked;
		always += ask->always;
		core += ask->always && asked;
	}
	if (times == 0 || core == 0)
		return 0;
	return OF_QUESTIONS * fit / times * core / always +
	       OF_ASKS * heard / asks +
	       (family->unit == 0 || family->unit == unit ? OF_UNIT : 0);
}

/* Maps */

static bool
holds(const struct map *map, const struct polls_row *row)
{
	uint32_t end = row->address + (uint32_t)row->count;

	if (row->function != map->function &&
	    row->function != map->also_function)
		return false;
	for (unsigned i = 0; i < map->blocks_count; i++) {
		const struct map_block *block = &map->blocks[i];

		if (row->address >= block->address &&
		    end <= (uint32_t)block->address + block->count)
			return true;
	}
	return false;
}

static bool
covers(const struct polls_row *row, uint16_t address)
{
	return address >= row->address && address < row->address + row->count;
}

struct heard {
	struct polls_memory memory;
	const struct map *map;
};

/* Also where the inverter takes the other function. */
static enum recognise_answer
recall(void *context, uint8_t function, uint16_t address, uint16_t count,
    uint16_t *words)
{
	struct heard *heard = context;
	enum recognise_answer answer =
	    polls_recall(&heard->memory, function, address, count, words);

	if (answer == RECOGNISE_WORDS || function != heard->map->function ||
	    heard->map->also_function == 0)
		return answer;
	return polls_recall(
	    &heard->memory, heard->map->also_function, address, count, words);
}

static unsigned
map_percent(const struct map *map, const struct polls *polls, uint8_t unit)
{
	const struct map_point *power = map_find(map, QUANTITY_ACTIVE_POWER);
	struct heard heard = { { polls, unit }, map };
	struct recognise_source source = { recall, &heard };
	unsigned fit = 0, times = 0, held, broken;
	bool power_read = false;

	if (map->kind != MAP_METER || power == NULL)
		return 0;
	for (unsigned i = 0; i < polls->count; i++) {
		const struct polls_row *row = &polls->rows[i];

		if (row->unit != unit || row->count == 0)
			continue;
		times += row->times;
		if (!holds(map, row))
			continue;
		fit += row->times;
		power_read = power_read || covers(row, power->address);
	}
	if (times == 0)
		return 0;
	recognise_values(map, &source, &held, &broken);
	if (broken > 0)
		return 0;
	return OF_REGISTERS * fit / times + (power_read ? OF_POWER : 0) +
	       (held >= 2 ? OF_VALUES : 0);
}

/* Both */

static void
insert(struct pattern_guess *guesses, unsigned *count,
    const struct pattern_guess *guess)
{
	unsigned at = *count;

	/* A map once, by what is said best of it. */
	for (unsigned i = 0; i < *count; i++)
		if (strcmp(guesses[i].map, guess->map) == 0) {
			if (guesses[i].percent >= guess->percent)
				return;
			memmove(guesses + i, guesses + i + 1,
			    (*count - i - 1) * sizeof(*guesses));
			at = --*count;
			break;
		}
	if (at == PATTERN_GUESSES_MAX) {
		if (guesses[--at].percent >= guess->percent)
			return;
	} else {
		++*count;
	}
	while (at > 0 && guesses[at - 1].percent < guess->percent) {
		guesses[at] = guesses[at - 1];
		at--;
	}
	guesses[at] = *guess;
}

unsigned
pattern_guess(const struct catalogue *catalogue, const struct polls *polls,
    uint8_t unit, struct pattern_guess guesses[PATTERN_GUESSES_MAX])
{
	struct pattern_guess guess;
	unsigned count = 0;

	for (unsigned i = 0; i < FAMILIES; i++) {
		guess = (struct pattern_guess){ .map = families[i].map,
			.family = families[i].name,
			.percent = family_percent(&families[i], polls, unit) };
		if (guess.percent >= PERCENT_LEAST &&
		    catalogue_find(catalogue, guess.map) != NULL)
			insert(guesses, &count, &guess);
	}
	for (unsigned i = 0; i < catalogue->count; i++) {
		guess = (struct pattern_guess){
			.map = catalogue->maps[i].name,
			.percent =
			    map_percent(&catalogue->maps[i].map, polls, unit),
		};
		if (guess.percent >= PERCENT_LEAST)
			insert(guesses, &count, &guess);
	}
	return count;
}
