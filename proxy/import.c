/* SPDX-License-Identifier: MIT */
#include "proxy/import.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/csv.h"
#include "proxy/import_guess.h"
#include "proxy/import_head.h"
#include "proxy/import_print.h"
#include "proxy/import_row.h"
#include "proxy/import_settle.h"

void
import_say(struct import_report *report, unsigned line, const char *name,
    const char *format, ...)
{
	char reason[300], plain[300];
	va_list list;

	va_start(list, format);
	vsnprintf(reason, sizeof(reason), format, list);
	va_end(list);
	import_word_plain(plain, sizeof(plain), reason);
	report->count++;
	if (line > 0)
		fprintf(report->out, "line %u: ", line);
	fprintf(
	    report->out, "%s%s%s\n", name, name[0] != '\0' ? ": " : "", plain);
}

/* The columns of the table: which field is what. */
struct columns {
	enum import_column of[CSV_FIELDS_MAX];
	unsigned count;
	bool has[IMPORT_COLUMN_COUNT_OF];
};

static bool
read_heading(struct columns *columns, const struct csv_record *record,
    struct import_report *report)
{
	memset(columns, 0, sizeof(*columns));
	columns->count = record->count;
	for (unsigned i = 0; i < record->count; i++) {
		enum import_column column =
		    import_word_column(record->fields[i]);

		if (column == IMPORT_COLUMN_COUNT_OF)
			import_say(report, record->line, "",
			    "column '%s' is not known; passed over",
			    record->fields[i]);
		else if (column != IMPORT_COLUMN_IGNORED &&
			 columns->has[column])
			import_say(report, record->line, "",
			    "column '%s' is there twice; the first counts",
			    record->fields[i]);
		else if (column != IMPORT_COLUMN_IGNORED)
			columns->has[column] = true;
		else
			column = IMPORT_COLUMN_COUNT_OF;
		columns->of[i] = column;
	}
	if (columns->has[IMPORT_COLUMN_NAME] &&
	    columns->has[IMPORT_COLUMN_TYPE] &&
	    (columns->has[IMPORT_COLUMN_ADDRESS] ||
		columns->has[IMPORT_COLUMN_ADDRESS_HEX]))
		return true;
	import_say(report, record->line, "",
	    "the heading must have a name, an address and a type");
	return false;
}

/* False for a row without anything in it. */
static bool
sort_fields(const struct columns *columns, const struct csv_record *record,
    struct import_fields *fields)
{
	bool any = false;

	*fields = (struct import_fields){ .line = record->line };
	for (unsigned i = 0; i < IMPORT_COLUMN_COUNT_OF; i++)
		fields->text[i] = "";
	for (unsigned i = record->count; i-- > 0;) {
		any |= record->fields[i][0] != '\0';
		if (i < columns->count &&
		    columns->of[i] < IMPORT_COLUMN_COUNT_OF)
			fields->text[columns->of[i]] = record->fields[i];
	}
	return any;
}

static void
read_notes(struct csv *csv, const struct import_known *known,
    struct import_head *head, struct import_report *report)
{
	char kind[] = "kind: xxxxxxxx";
	unsigned line;

	for (char *note; (note = csv_note(csv, &line)) != NULL;)
		import_head_note(head, note, line, report);
	if (known->name != NULL)
		import_word_plain(head->name, sizeof(head->name), known->name);
	if (known->kind != NULL && strlen(known->kind) <= 8) {
		snprintf(kind, sizeof(kind), "kind: %s", known->kind);
		import_head_note(head, kind, 0, report);
	}
	if (known->addressing != IMPORT_UNTOLD)
		head->addressing = known->addressing;
	if (head->name[0] == '\0') {
		import_word_plain(head->name, sizeof(head->name), "unnamed");
		import_say(report, 0, "", "no note tells the device's name");
	}
	if (!head->kind_told) {
		head->kind = MAP_OTHER;
		import_say(report, 0, "",
		    "no note tells the kind: meter, inverter, battery, "
		    "wallbox, heater; 'other' is taken");
	}
}

/* Vendor numbers that nobody called so: most likely the map would be wrong by
 * 30001 or 40001. */
static void
warn_of_vendor_numbers(
    const struct import_table *table, struct import_report *report)
{
	if (table->head.addressing != IMPORT_UNTOLD || table->count == 0)
		return;
	for (unsigned i = 0; i < table->count; i++) {
		unsigned address = table->rows[i].address;

		if (address < 30001 || address > 49999)
			return;
	}
	import_say(report, 0, "",
	    "all addresses look like vendor numbers, and were taken as they "
	    "go over the wire; if they are not: --addressing vendor");
}

struct rows {
	unsigned count;
	struct import_fields fields[MAP_ENTRIES_MAX];
	struct csv_record record;
};

static void
read_rows(struct csv *csv, const struct columns *columns, struct rows *rows,
    struct import_table *table, struct import_report *report)
{
	while (csv_next(csv, &rows->record)) {
		struct import_fields *fields = &rows->fields[table->count];

		if (table->count == MAP_ENTRIES_MAX) {
			import_say(report, rows->record.line, "",
			    "a map has at most %u points; the rest is left out",
			    (unsigned)MAP_ENTRIES_MAX);
			return;
		}
		if (sort_fields(columns, &rows->record, fields) &&
		    import_row_read(&table->head, fields,
			&table->rows[table->count], report))
			table->count++;
	}
}

static bool
make_map(struct csv *csv, struct rows *rows, struct import_table *table,
    FILE *out, struct import_report *report)
{
	struct columns columns;

	if (!csv_next(csv, &rows->record)) {
		import_say(report, csv->line, "", "there is no heading");
		return false;
	}
	if (!read_heading(&columns, &rows->record, report))
		return false;
	read_rows(csv, &columns, rows, table, report);
	if (table->count == 0) {
		import_say(report, csv->line, "", "no row could be read");
		return false;
	}
	warn_of_vendor_numbers(table, report);
	for (unsigned i = 0; i < table->count; i++)
		if (table->rows[i].quantity == QUANTITY_COUNT &&
		    !table->rows[i].no_quantity)
			import_guess_quantity(
			    &table->head, &table->rows[i], report);
	import_settle_scales(table, report);
	for (unsigned i = 0; i < table->count; i++)
		import_row_range(&rows->fields[i], &table->rows[i], report);
	import_settle_rows(table, report);
	import_print_map(table, out);
	return true;
}

bool
import_text(char *text, size_t size, const struct import_known *known,
    FILE *out, struct import_report *report)
{
	struct import_table *table = calloc(1, sizeof(*table));
	struct rows *rows = calloc(1, sizeof(*rows));
	struct csv csv;
	bool good = false;

	if (table != NULL && rows != NULL) {
		csv_open(&csv, text, size);
		read_notes(&csv, known, &table->head, report);
		good = make_map(&csv, rows, table, out, report);
		for (unsigned i = 0; i < table->count; i++)
			free(table->rows[i].values);
	}
	free(rows);
	free(table);
	return good;
}
