/* SPDX-License-Identifier: MIT */
#include "proxy/import_settle.h"

#include <ctype.h>
#include <string.h>

#include "proxy/import_place.h"
#include "proxy/import_word.h"

const char *
import_settle_name(const struct import_row *row)
{
	return row->quantity == QUANTITY_COUNT ? row->name
	                                       : quantity_name(row->quantity);
}

static void
leave_out(struct import_row *row, struct import_report *report, const char *why,
    const char *other)
{
	row->left_out = true;
	import_say(report, row->line, row->name, "left out: %s %s", why, other);
}

/* --- scales in registers ---------------------------------------------------
 */

/* A_SF is a_sf, WChaMax_SF is wcha_max_sf. */
static bool
is_same_word(const char *name, const char *text, size_t length)
{
	size_t i = 0;

	for (; *name != '\0'; name++) {
		if (*name == '_')
			continue;
		while (i < length && text[i] == '_')
			i++;
		if (i == length || *name != tolower((unsigned char)text[i]))
			return false;
		i++;
	}
	while (i < length && text[i] == '_')
		i++;
	return i == length && length > 0;
}

static int
find_by_word(const struct import_table *table, const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz_0123456789");

	for (unsigned i = 0; i < table->count; i++)
		if (is_same_word(table->rows[i].name, text, length))
			return (int)i;
	return -1;
}

static int
find_by_address(const struct import_table *table, unsigned address)
{
	for (unsigned i = 0; i < table->count; i++)
		if (table->rows[i].address == address &&
		    table->rows[i].type == MAP_S16)
			return (int)i;
	return -1;
}

/* "x 10^A_SF", "x 10^(0x9D02)", "scale at 22", "scale 40084". *told: there is
 * one, found or not. */
static int
find_scale(
    const struct import_table *table, const struct import_row *row, bool *told)
{
	const char *power = strstr(row->meaning, "10^");
	const char *at = strstr(row->meaning, "scale ");
	const char *place = strstr(row->meaning, "scale at ");
	const char *end;
	unsigned address;

	*told = true;
	if (power != NULL && power[3] == '(' &&
	    import_word_count(power + 4, &address, &end))
		return find_by_address(table, address);
	if (power != NULL)
		return find_by_word(table, power + 3);
	if (place != NULL && import_word_count(place + 9, &address, &end))
		return find_by_address(table, address);
	/* "scale 10" is a factor, "scale 40084" a place. */
	if (at != NULL && import_word_count(at + 6, &address, &end) &&
	    address >= 100)
		return find_by_address(table, address);
	*told = false;
	return -1;
}

void
import_settle_scales(struct import_table *table, struct import_report *report)
{
	for (unsigned i = 0; i < table->count; i++) {
		struct import_row *row = &table->rows[i];
		bool told;
		int found = find_scale(table, row, &told);

		if (!told || row->type == MAP_STRING || row->type == MAP_BYTES)
			continue;
		if (found < 0 || table->rows[found].type != MAP_S16 ||
		    found == (int)i) {
			import_say(report, row->line, row->name,
			    "its scale register is not in the table: the "
			    "number is raw");
			row->quantity = QUANTITY_COUNT;
			row->unit[0] = '\0';
			continue;
		}
		row->scale_row = found;
	}
}

/* --- names -----------------------------------------------------------------
 */

/* A name that means a quantity is not free for what is none. */
static void
rename_unsure(struct import_row *row)
{
	enum quantity quantity;
	char name[IMPORT_NAME_SIZE];

	if (row->quantity != QUANTITY_COUNT ||
	    !quantity_parse(row->name, &quantity))
		return;
	memcpy(name, row->name, sizeof(name));
	snprintf(row->name, sizeof(row->name), "device_%.40s", name);
}

static bool
is_taken(const struct import_table *table, unsigned index)
{
	const struct import_row *row = &table->rows[index];

	for (unsigned i = 0; i < index; i++) {
		const struct import_row *other = &table->rows[i];

		if (!other->left_out && other->quantity == row->quantity &&
		    (row->quantity != QUANTITY_COUNT ||
			strcmp(other->name, row->name) == 0))
			return true;
	}
	return false;
}

static void
settle_name(
    struct import_table *table, unsigned index, struct import_report *report)
{
	struct import_row *row = &table->rows[index];
	char name[IMPORT_NAME_SIZE];

	if (row->quantity != QUANTITY_COUNT && row->poll != MAP_NEVER &&
	    is_taken(table, index)) {
		import_say(report, row->line, row->name,
		    "there is a %s already; it keeps its name",
		    quantity_name(row->quantity));
		row->quantity = QUANTITY_COUNT;
	}
	rename_unsure(row);
	if (row->quantity != QUANTITY_COUNT || !is_taken(table, index))
		return;
	memcpy(name, row->name, sizeof(name));
	snprintf(row->name, sizeof(row->name), "%.40s_%u", name, row->address);
	if (is_taken(table, index))
		leave_out(row, report, "is there twice", "");
}

/* --- places ----------------------------------------------------------------
 */

static bool
shares(const struct import_row *a, const struct import_row *b)
{
	return a->function == b->function && a->model == b->model &&
	       !(a->access == IMPORT_R && b->access == IMPORT_W) &&
	       !(a->access == IMPORT_W && b->access == IMPORT_R) &&
	       a->address < b->address + b->words &&
	       b->address < a->address + a->words;
}

/* Of two on one register the quantity stays, else the first. */
static void
settle_overlaps(
    struct import_table *table, unsigned index, struct import_report *report)
{
	struct import_row *row = &table->rows[index];

	for (unsigned i = 0; i < index && !row->left_out; i++) {
		struct import_row *other = &table->rows[i];

		if (other->left_out || !shares(other, row))
			continue;
		if (row->quantity != QUANTITY_COUNT &&
		    other->quantity == QUANTITY_COUNT)
			leave_out(other, report, "shares registers with",
			    import_settle_name(row));
		else
			leave_out(row, report, "shares registers with",
			    import_settle_name(other));
	}
}

/* One that lost its scale to another row's fate is a raw number. */
static void
settle_lost_scale(
    struct import_table *table, struct import_row *row, struct import_report *r)
{
	if (row->scale_row < 0 || !table->rows[row->scale_row].left_out)
		return;
	import_say(r, row->line, row->name,
	    "its scale register was left out: the number is raw");
	row->scale_row = -1;
	row->unit[0] = '\0';
	row->quantity = QUANTITY_COUNT;
	rename_unsure(row);
}

static void
settle_words(const struct import_table *table, struct import_row *row,
    struct import_report *report)
{
	unsigned max = table->head.words_max;

	if (max > 0 && row->words > max)
		leave_out(row, report,
		    "it is longer than the longest read, in registers:",
		    row->words > max && max < 10 ? "a few" : "many");
}

/* What steers must be in every poll. */
static void
settle_meter(struct import_table *table, struct import_report *report)
{
	unsigned found = 0;

	for (unsigned i = 0; i < table->count; i++) {
		struct import_row *row = &table->rows[i];

		if (row->left_out || row->poll == MAP_NEVER ||
		    row->quantity > QUANTITY_ACTIVE_POWER_L3)
			continue;
		row->poll = MAP_FAST;
		found |= 1u << row->quantity;
	}
	if ((found & 1) == 0 && found != 0xe)
		import_say(report, 0, "",
		    "neither active_power nor all its phases: this meter can "
		    "neither steer nor be shown");
}

static bool
can_be_polled(const struct import_table *table, const struct import_row *row)
{
	return !row->left_out && row->quantity != QUANTITY_COUNT &&
	       row->access != IMPORT_W && row->poll != MAP_NEVER &&
	       row->function == table->head.function && row->model == 0 &&
	       row->scale_row < 0 && !(row->offset < 0 || row->offset > 0) &&
	       map_type_words(row->type) <= 2;
}

/* A state that is a quantity is a number; its values still tell the words. */
static void
settle_states(struct import_table *table)
{
	for (unsigned i = 0; i < table->count; i++)
		if (table->rows[i].quantity != QUANTITY_COUNT &&
		    table->rows[i].type == MAP_ENUM16)
			table->rows[i].type = MAP_U16;
}

/* A device is asked for something in every poll: for what it is there for. */
static void
settle_device(struct import_table *table)
{
	static const enum quantity mains[] = { QUANTITY_AC_POWER,
		QUANTITY_CHARGING_POWER, QUANTITY_HEATER_POWER,
		QUANTITY_BATTERY_POWER, QUANTITY_GRID_POWER, QUANTITY_PV_POWER,
		QUANTITY_CHARGING_STATE, QUANTITY_BATTERY_SOC };
	size_t best_rank = sizeof(mains) / sizeof(mains[0]) + 1;
	struct import_row *best = NULL;

	for (unsigned i = 0; i < table->count; i++) {
		struct import_row *row = &table->rows[i];
		size_t rank = 0;

		if (row->access != IMPORT_R && row->poll == MAP_FAST)
			row->poll = MAP_SLOW;
		if (!can_be_polled(table, row))
			continue;
		if (row->poll == MAP_FAST)
			return;
		while (rank < sizeof(mains) / sizeof(mains[0]) &&
		       mains[rank] != row->quantity)
			rank++;
		if (rank < best_rank) {
			best = row;
			best_rank = rank;
		}
	}
	if (best != NULL)
		best->poll = MAP_FAST;
}

void
import_settle_rows(struct import_table *table, struct import_report *report)
{
	import_place_function(table, report);
	for (unsigned i = 0; i < table->count; i++)
		settle_words(table, &table->rows[i], report);
	for (unsigned i = 0; i < table->count; i++) {
		if (!table->rows[i].left_out)
			settle_name(table, i, report);
		if (!table->rows[i].left_out)
			settle_overlaps(table, i, report);
	}
	settle_states(table);
	for (unsigned i = 0; i < table->count; i++)
		settle_lost_scale(table, &table->rows[i], report);
	if (table->head.kind == MAP_METER)
		settle_meter(table, report);
	else
		settle_device(table);
	import_place_holes(table, report);
	import_place_blocks(table, report);
	import_place_signs(table, report);
}
