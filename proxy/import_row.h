/* SPDX-License-Identifier: MIT */
/* One row of a table, read by itself. */
#ifndef PROXY_IMPORT_ROW_H
#define PROXY_IMPORT_ROW_H

#include "proxy/csv.h"
#include "proxy/import_part.h"
#include "proxy/import_word.h"

/* The fields of a record by column, "" where there is none. */
struct import_fields {
	unsigned line;
	const char *text[IMPORT_COLUMN_COUNT_OF];
};

/* False, and said why in the report, when it cannot be a point. The row owns
 * row->values then, and borrows texts of the fields. */
bool import_row_read(const struct import_head *head,
    const struct import_fields *fields, struct import_row *row,
    struct import_report *report);

/* The range that may be written, once its scale is known. */
void import_row_range(const struct import_fields *fields,
    struct import_row *row, struct import_report *report);

#endif
