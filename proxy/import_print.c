/* SPDX-License-Identifier: MIT */
#include "proxy/import_print.h"

#include <string.h>

#include "proxy/import_settle.h"

/* By their numbers in map.h and import_part.h. */
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
static const char *const accesses[] = { "r", "rw", "w", "once" };
static const char *const orders[] = { "high_first", "low_first" };
static const char *const confidences[] = { "two", "one", "conflict" };

static void
print_text(FILE *out, const char *key, const char *text)
{
	if (text[0] != '\0')
		fprintf(out, "%s: \"%s\"\n", key, text);
}

static void
print_number(FILE *out, const char *key, unsigned value)
{
	if (value != 0)
		fprintf(out, "%s: %u\n", key, value);
}

/* --- header ----------------------------------------------------------------
 */

/* "{a: 1, b: 2}" from what is told. */
struct pairs {
	FILE *out;
	unsigned count;
};

static void
put_key(struct pairs *pairs, const char *key)
{
	fprintf(pairs->out, "%s%s: ", pairs->count++ == 0 ? "{" : ", ", key);
}

static void
print_line(const struct import_head *head, FILE *out)
{
	struct pairs serial = { .out = out };
	struct pairs tcp = { .out = out };

	if (head->baud != 0) {
		fprintf(out, "serial: ");
		put_key(&serial, "baud");
		fprintf(out, "%u", head->baud);
		if (head->format[0] != '\0') {
			put_key(&serial, "format");
			fprintf(out, "%s", head->format);
		}
		if (head->unit_told && head->unit > 0) {
			put_key(&serial, "unit");
			fprintf(out, "%u", head->unit);
		}
		fprintf(out, "}\n");
	}
	if (head->tcp_port == 0)
		return;
	fprintf(out, "tcp: ");
	put_key(&tcp, "port");
	fprintf(out, "%u", head->tcp_port);
	if (head->unit_told) {
		put_key(&tcp, "unit");
		fprintf(out, "%u", head->unit);
	}
	if (head->tcp_clients != 0) {
		put_key(&tcp, "clients");
		fprintf(out, "%u", head->tcp_clients);
	}
	fprintf(out, "}\n");
}

static void
print_places(const struct import_head *head, FILE *out)
{
	if (head->holes_count > 0)
		fprintf(out, "holes:\n");
	for (unsigned i = 0; i < head->holes_count; i++)
		fprintf(out, "  - {address: %u, count: %u}\n",
		    head->holes[i].address, head->holes[i].count);
	if (head->blocks_count > 0)
		fprintf(out, "blocks:\n");
	for (unsigned i = 0; i < head->blocks_count; i++)
		fprintf(out, "  - {address: %u, count: %u}\n",
		    head->blocks[i].address, head->blocks[i].count);
}

static void
print_watchdog(const struct import_head *head, FILE *out)
{
	if (head->watchdog_s == 0)
		return;
	fprintf(out, "watchdog: {timeout_s: %u", head->watchdog_s);
	if (head->resend_s != 0)
		fprintf(out, ", resend_s: %u", head->resend_s);
	for (unsigned i = 0; i < head->watchdog_count; i++)
		fprintf(out, "%s%s", i == 0 ? ", points: [" : ", ",
		    head->watchdog[i]);
	fprintf(out, "%s}\n", head->watchdog_count > 0 ? "]" : "");
}

static void
print_signs(const struct import_head *head, FILE *out)
{
	if (head->signs_count > 0)
		fprintf(out, "identity:\n");
	for (unsigned i = 0; i < head->signs_count; i++) {
		const struct map_sign *sign = &head->signs[i];

		fprintf(out, "  - {address: %u", sign->address);
		if (sign->function != 0 && sign->function != head->function)
			fprintf(out, ", function: %u", sign->function);
		if (sign->min == sign->max)
			fprintf(out, ", value: %u}\n", sign->min);
		else
			fprintf(
			    out, ", min: %u, max: %u}\n", sign->min, sign->max);
	}
}

static void
print_head(const struct import_head *head, FILE *out)
{
	print_text(out, "name", head->name);
	fprintf(out, "kind: %s\n", kinds[head->kind]);
	print_text(out, "models", head->models);
	print_line(head, out);
	fprintf(out, "function: %u\nword_order: %s\n", head->function,
	    orders[head->word_order]);
	print_number(out, "words_max", head->words_max);
	print_number(out, "hole_max", head->hole_max);
	print_number(out, "gap_ms", head->gap_ms);
	print_text(out, "source", head->source);
	print_text(out, "confidence", head->confidence);
	print_text(out, "quirks", head->quirks);
	print_watchdog(head, out);
	print_signs(head, out);
	if (head->model != 0)
		fprintf(out, "sunspec: {bases: [40000, 50000, 0]}\n");
	print_places(head, out);
}

/* --- points ----------------------------------------------------------------
 */

static void
print_number_keys(
    const struct import_table *table, const struct import_row *row, FILE *out)
{
	if (row->unit[0] != '\0')
		fprintf(out, ", unit: \"%s\"", row->unit);
	else if (row->quantity != QUANTITY_COUNT)
		fprintf(out, ", unit: none");
	if (row->scale < 1 || row->scale > 1)
		fprintf(out, ", scale: %.9g", row->scale);
	if (row->offset < 0 || row->offset > 0)
		fprintf(out, ", offset: %.9g", row->offset);
	if (row->scale_row >= 0)
		fprintf(out, ", scale_point: %s",
		    import_settle_name(&table->rows[row->scale_row]));
	for (unsigned i = 0; i < row->invalid_count; i++)
		fprintf(out, "%s0x%llX%s", i == 0 ? ", invalid: [" : ", ",
		    (unsigned long long)row->invalid[i],
		    i + 1 == row->invalid_count ? "]" : "");
}

static void
print_writing(const struct import_row *row, FILE *out)
{
	if (row->access == IMPORT_R)
		return;
	fprintf(out, ", access: %s", accesses[row->access]);
	if (row->writes_16 && row->words == 1 && row->function == 3)
		fprintf(out, ", write_function: 16");
	if (row->stored)
		fprintf(out, ", memory: stored");
	if (row->has_range)
		fprintf(out, ", min: %.9g, max: %.9g", row->min, row->max);
}

static bool
is_number(enum map_type type)
{
	return type != MAP_STRING && type != MAP_BYTES && type != MAP_DATETIME;
}

/* A name is not polled; it waits to be asked for. */
static enum map_poll
poll_of(const struct import_row *row)
{
	bool named = row->quantity == QUANTITY_COUNT;

	if (row->access == IMPORT_W || (named && row->poll == MAP_FAST))
		return MAP_SLOW;
	return row->poll;
}

static void
print_point(
    const struct import_table *table, const struct import_row *row, FILE *out)
{
	fprintf(out, "  - {%s: %s, address: %u",
	    row->quantity == QUANTITY_COUNT ? "name" : "point",
	    import_settle_name(row), row->address);
	if (row->model != 0)
		fprintf(out, ", model: %u", row->model);
	if (row->function != table->head.function)
		fprintf(out, ", function: %u", row->function);
	fprintf(out, ", type: %s", types[row->type]);
	if (map_type_words(row->type) == 0)
		fprintf(out, ", words: %u", row->words);
	if (row->word_order_told && row->word_order != table->head.word_order)
		fprintf(out, ", word_order: %s", orders[row->word_order]);
	if (is_number(row->type))
		print_number_keys(table, row, out);
	print_writing(row, out);
	if (poll_of(row) != MAP_SLOW)
		fprintf(out, ", poll: %s", polls[poll_of(row)]);
	if (row->confidence != MAP_TWO)
		fprintf(out, ", confidence: %s", confidences[row->confidence]);
	if (row->values != NULL)
		fprintf(out, ", values: \"%s\"", row->values);
	fprintf(out, "}\n");
}

void
import_print_map(const struct import_table *table, FILE *out)
{
	print_head(&table->head, out);
	fprintf(out, "\npoints:\n");
	for (unsigned i = 0; i < table->count; i++)
		if (!table->rows[i].left_out)
			print_point(table, &table->rows[i], out);
}
