/* SPDX-License-Identifier: MIT */
#include "proxy/skeleton.h"

#include <math.h>
#include <string.h>

#include "proxy/image.h"
#include "proxy/map.h"

/* A stretch of registers that was read, neighbours put together. */
struct stretch {
	uint16_t address;
	uint16_t count;
	bool heard;
	uint16_t words[POLLS_WORDS_MAX * 4];
};

enum { STRETCH_WORDS = POLLS_WORDS_MAX * 4 };

struct draft {
	FILE *out;
	const struct polls *polls;
	uint8_t unit;
	uint8_t function;
	unsigned points; /* written */
	unsigned count;
	struct stretch stretches[MAP_BLOCKS_MAX];
};

/* Types */

static float
as_float(uint16_t high, uint16_t low)
{
	uint32_t bits = (uint32_t)high << 16 | low;
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* Small and large numbers taken for floats are next to nothing or beyond all
 * measure. */
static bool
is_sane(float value)
{
	double size = fabs((double)value);

	return isfinite(value) && (size <= 0 || (size >= 1e-3 && size <= 1e9));
}

static bool
are_floats(const uint16_t *words, unsigned count, bool low_first)
{
	bool some = false;

	for (unsigned i = 0; i + 1 < count; i += 2) {
		float value =
		    as_float(words[i + low_first], words[i + !low_first]);

		if (!is_sane(value) ||
		    (words[i] == 0x8000 && words[i + 1] == 0))
			return false;
		some = some || (value < 0 || value > 0);
	}
	return some;
}

/* The high words are all 0, or all ones with a sign below. */
static bool
are_longs(const uint16_t *words, unsigned count, bool low_first)
{
	bool some = false;

	for (unsigned i = 0; i + 1 < count; i += 2) {
		uint16_t high = words[i + low_first];
		uint16_t low = words[i + !low_first];

		if (high != 0 && (high != 0xffff || low < 0x8000))
			return false;
		some = some || low != 0;
	}
	return some;
}

enum skeleton_type
skeleton_guess(const uint16_t *words, unsigned count)
{
	static const struct {
		bool (*are)(const uint16_t *, unsigned, bool);
		bool low_first;
		enum skeleton_type type;
	} tries[] = {
		{ are_floats, false, SKELETON_F32_HIGH },
		{ are_floats, true, SKELETON_F32_LOW },
		{ are_longs, false, SKELETON_S32_HIGH },
		{ are_longs, true, SKELETON_S32_LOW },
	};

	if (count < 2 || count % 2 != 0)
		return SKELETON_WORDS;
	for (unsigned i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		if (tries[i].are(words, count, tries[i].low_first))
			return tries[i].type;
	return SKELETON_WORDS;
}

/* Stretches */

/* Only what was answered, unless nothing was. */
static bool
is_of_use(const struct draft *draft, const struct polls_row *row, bool heard)
{
	return row->unit == draft->unit && row->function == draft->function &&
	       row->count > 0 && row->count <= POLLS_WORDS_MAX &&
	       row->address + row->count <= 65536 &&
	       (!heard || row->words_count > 0);
}

static uint8_t
main_function(const struct polls *polls, uint8_t unit)
{
	unsigned times[2] = { 0 };

	for (unsigned i = 0; i < polls->count; i++) {
		const struct polls_row *row = &polls->rows[i];

		if (row->unit == unit &&
		    (row->function == 3 || row->function == 4))
			times[row->function - 3] += row->times;
	}
	if (times[0] == 0 && times[1] == 0)
		return 0;
	return times[1] > times[0] ? 4 : 3;
}

/* The next of the rows by address, from there on; NULL: none. */
static const struct polls_row *
next_row(const struct draft *draft, uint32_t from, bool heard)
{
	const struct polls_row *best = NULL;

	for (unsigned i = 0; i < draft->polls->count; i++) {
		const struct polls_row *row = &draft->polls->rows[i];

		if (!is_of_use(draft, row, heard) || row->address < from)
			continue;
		if (best == NULL || row->address < best->address ||
		    (row->address == best->address && row->count > best->count))
			best = row;
	}
	return best;
}

static bool
extend(struct stretch *stretch, const struct polls_row *row)
{
	uint32_t end = (uint32_t)stretch->address + stretch->count;
	uint32_t row_end = (uint32_t)row->address + row->count;
	uint32_t offset = row->address - (uint32_t)stretch->address;

	if (row->address > end || row_end - stretch->address > STRETCH_WORDS)
		return false;
	if (row_end > end)
		stretch->count = (uint16_t)(row_end - stretch->address);
	memcpy(stretch->words + offset, row->words,
	    row->words_count * sizeof(row->words[0]));
	return true;
}

static void
collect(struct draft *draft, bool heard)
{
	const struct polls_row *row;
	unsigned sum = 0;

	for (uint32_t from = 0; (row = next_row(draft, from, heard)) != NULL;
	     from = row->address + 1u) {
		struct stretch *last = draft->count > 0
		                           ? &draft->stretches[draft->count - 1]
		                           : NULL;

		if (last != NULL && extend(last, row))
			continue;
		if (last != NULL && row->address < last->address + last->count)
			continue; /* longer than there is room for */
		sum += last != NULL ? last->count : 0;
		if (draft->count == MAP_BLOCKS_MAX ||
		    sum + STRETCH_WORDS > IMAGE_REGISTERS_MAX)
			return;
		last = &draft->stretches[draft->count++];
		*last =
		    (struct stretch){ .address = row->address, .heard = heard };
		(void)extend(last, row);
	}
}

/* Text */

static const char *
hint(double value)
{
	if (value >= 45 && value <= 65)
		return ", frequency?";
	if (value >= 200 && value <= 260)
		return ", voltage?";
	return "";
}

static void
put_pair(const struct draft *draft, const struct stretch *stretch, unsigned at,
    enum skeleton_type type)
{
	bool low_first = type == SKELETON_F32_LOW || type == SKELETON_S32_LOW;
	bool is_float = type == SKELETON_F32_HIGH || type == SKELETON_F32_LOW;
	uint16_t high = stretch->words[at + low_first];
	uint16_t low = stretch->words[at + !low_first];
	double value = is_float ? (double)as_float(high, low)
	                        : (double)(int32_t)((uint32_t)high << 16 | low);

	fprintf(draft->out,
	    "  - {name: r%u, address: %u, type: %s, word_order: %s}   # "
	    "%.6g%s\n",
	    stretch->address + at, stretch->address + at,
	    is_float ? "f32" : "s32", low_first ? "low_first" : "high_first",
	    value, is_float ? hint(value) : "");
}

/* As many as a map may have. */
static void
put_points(struct draft *draft, const struct stretch *stretch)
{
	enum skeleton_type type =
	    stretch->heard ? skeleton_guess(stretch->words, stretch->count)
			   : SKELETON_WORDS;

	unsigned step = type == SKELETON_WORDS ? 1 : 2;

	for (unsigned i = 0;
	     i < stretch->count && draft->points < MAP_ENTRIES_MAX; i += step) {
		draft->points++;
		if (type != SKELETON_WORDS) {
			put_pair(draft, stretch, i, type);
			continue;
		}
		fprintf(draft->out, "  - {name: r%u, address: %u, type: u16}",
		    stretch->address + i, stretch->address + i);
		if (stretch->heard)
			fprintf(draft->out, "   # %u", stretch->words[i]);
		putc('\n', draft->out);
	}
}

static void
put_all(struct draft *draft, const struct scan_plan_setting *setting)
{
	fprintf(draft->out,
	    "# What was heard of unit %u. The types are guesses, and the "
	    "values behind them\n# what was heard last. Where it is known what "
	    "a number is, say point: instead of\n# name:, with scale and unit; "
	    "a meter (kind: meter) needs active_power, polled\n# fast.\n"
	    "name: Unknown device at unit %u\n"
	    "kind: other\n"
	    "function: %u\n"
	    "serial: {baud: %u, format: %s, unit: %u}\n"
	    "\nblocks:\n",
	    draft->unit, draft->unit, draft->function, setting->baud,
	    setting->format, draft->unit);
	for (unsigned i = 0; i < draft->count; i++)
		fprintf(draft->out, "  - {address: %u, count: %u}%s\n",
		    draft->stretches[i].address, draft->stretches[i].count,
		    draft->stretches[i].heard ? "" : "   # no answer");
	fputs("\npoints:\n", draft->out);
	for (unsigned i = 0; i < draft->count; i++)
		put_points(draft, &draft->stretches[i]);
}

bool
skeleton_write(FILE *out, const struct polls *polls, uint8_t unit,
    const struct scan_plan_setting *setting)
{
	struct draft draft = { .out = out,
		.polls = polls,
		.unit = unit,
		.function = main_function(polls, unit) };

	if (unit == 0)
		return false; /* everybody, and nobody answers */
	collect(&draft, true);
	if (draft.count == 0)
		collect(&draft, false);
	if (draft.count == 0)
		return false;
	put_all(&draft, setting);
	return true;
}
