/* SPDX-License-Identifier: MIT */
#include "proxy/import_place.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/import_settle.h"

/* --- function --------------------------------------------------------------
 */

void
import_place_function(struct import_table *table, struct import_report *report)
{
	unsigned long weight[5] = { 0 };
	bool untold = false;

	for (unsigned i = 0; i < table->count; i++) {
		const struct import_row *row = &table->rows[i];

		weight[row->function] +=
		    row->quantity == QUANTITY_COUNT ? 1 : MAP_ENTRIES_MAX;
		untold |= row->function == 0;
	}
	if (table->head.function < 3)
		table->head.function = weight[4] > weight[3] ? 4 : 3;
	if (untold && weight[3] + weight[4] == 0)
		import_say(report, 0, "",
		    "no row tells its function; %u is taken",
		    table->head.function);
	for (unsigned i = 0; i < table->count; i++) {
		struct import_row *row = &table->rows[i];

		/* Only holding registers can be written. */
		if (row->function == 0)
			row->function =
			    row->access == IMPORT_R ? table->head.function : 3;
	}
}

/* --- holes -----------------------------------------------------------------
 */

/* Is the register read as part of a row? */
static bool
is_used(const struct import_table *table, unsigned function, unsigned address)
{
	for (unsigned i = 0; i < table->count; i++) {
		const struct import_row *row = &table->rows[i];

		if (!row->left_out && row->function == function &&
		    row->model == 0 && row->access != IMPORT_W &&
		    address >= row->address &&
		    address < row->address + row->words)
			return true;
	}
	return false;
}

/* Appends what of the hole no row is read in. */
static bool
cut_hole(const struct import_table *table, const struct map_hole *hole,
    struct map_hole *holes, unsigned *count)
{
	struct map_hole *last = NULL;
	bool whole = true;

	for (unsigned k = 0; k < hole->count; k++) {
		unsigned address = hole->address + k;

		if (is_used(table, table->head.function, address)) {
			last = NULL;
			whole = false;
			continue;
		}
		if (last == NULL) {
			if (*count == MAP_HOLES_MAX)
				return false;
			last = &holes[(*count)++];
			*last =
			    (struct map_hole){ .address = (uint16_t)address };
		}
		last->count++;
	}
	return whole;
}

void
import_place_holes(struct import_table *table, struct import_report *report)
{
	struct import_head *head = &table->head;
	struct map_hole holes[MAP_HOLES_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < head->holes_count; i++)
		if (!cut_hole(table, &head->holes[i], holes, &count))
			import_say(report, 0, "",
			    "the hole at %u has rows in it, or there are too "
			    "many holes",
			    head->holes[i].address);
	memcpy(head->holes, holes, sizeof(holes));
	head->holes_count = count;
}

/* --- blocks ----------------------------------------------------------------
 */

static int
compare(const void *a, const void *b)
{
	const struct map_block *left = a, *right = b;

	return (left->address > right->address) -
	       (left->address < right->address);
}

static unsigned
end_of(const struct map_block *block)
{
	return (unsigned)block->address + block->count;
}

/* Joins blocks with at most so many registers between them; sorted. */
static unsigned
join(struct map_block *blocks, unsigned count, unsigned gap)
{
	unsigned kept = 0;

	for (unsigned i = 1; i < count; i++) {
		struct map_block *last = &blocks[kept];

		if (blocks[i].address > end_of(last) + gap) {
			blocks[++kept] = blocks[i];
		} else if (end_of(&blocks[i]) > end_of(last)) {
			last->count =
			    (uint16_t)(end_of(&blocks[i]) - last->address);
		}
	}
	return count == 0 ? 0 : kept + 1;
}

void
import_place_blocks(struct import_table *table, struct import_report *report)
{
	static struct map_block blocks[MAP_ENTRIES_MAX + MAP_BLOCKS_MAX];
	struct import_head *head = &table->head;
	unsigned count = 0, gap = head->hole_max;

	for (unsigned i = 0; i < head->blocks_count; i++)
		blocks[count++] = head->blocks[i];
	if (head->kind != MAP_METER)
		return;
	for (unsigned i = 0; i < table->count; i++) {
		const struct import_row *row = &table->rows[i];

		if (!row->left_out && row->quantity != QUANTITY_COUNT &&
		    row->function == head->function && row->model == 0)
			blocks[count++] = (struct map_block){
				.address = (uint16_t)row->address,
				.count = (uint16_t)row->words,
			};
	}
	qsort(blocks, count, sizeof(blocks[0]), compare);
	count = join(blocks, count, gap);
	while (count > MAP_BLOCKS_MAX) {
		gap = gap * 2 + 1;
		count = join(blocks, count, gap);
	}
	if (gap > head->hole_max && head->blocks_count == 0)
		import_say(report, 0, "",
		    "blocks were joined across up to %u registers", gap);
	memcpy(head->blocks, blocks, count * sizeof(blocks[0]));
	head->blocks_count = count;
}

/* --- what tells the model, what feeds the watchdog -------------------------
 */

static bool
has_point(const struct import_table *table, const char *name)
{
	for (unsigned i = 0; i < table->count; i++)
		if (!table->rows[i].left_out &&
		    strcmp(import_settle_name(&table->rows[i]), name) == 0)
			return true;
	return false;
}

void
import_place_signs(struct import_table *table, struct import_report *report)
{
	struct import_head *head = &table->head;
	unsigned kept = 0;

	for (unsigned i = 0; i < head->signs_count; i++) {
		struct map_sign *sign = &head->signs[i];

		for (unsigned k = 0; k < table->count; k++)
			if (table->rows[k].address == sign->address &&
			    table->rows[k].function >= 3 && sign->function == 0)
				sign->function =
				    (uint8_t)table->rows[k].function;
	}
	for (unsigned i = 0; i < head->watchdog_count; i++) {
		if (has_point(table, head->watchdog[i])) {
			memmove(head->watchdog[kept++], head->watchdog[i],
			    IMPORT_NAME_SIZE);
			continue;
		}
		import_say(report, 0, head->watchdog[i],
		    "would feed the watchdog, but is not there");
	}
	head->watchdog_count = kept;
}
