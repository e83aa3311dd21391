/* SPDX-License-Identifier: MIT */
/* What the rows of a table owe one another: each name once, no register twice,
 * scales found, holes and blocks that fit. */
#ifndef PROXY_IMPORT_SETTLE_H
#define PROXY_IMPORT_SETTLE_H

#include "proxy/import_part.h"

/* Rows whose value is times a power of ten in another row; before ranges are
 * worked out. */
void import_settle_scales(
    struct import_table *table, struct import_report *report);

/* All else, once every row is known. */
void import_settle_rows(
    struct import_table *table, struct import_report *report);

/* "active_power", or its own name. */
const char *import_settle_name(const struct import_row *row);

#endif
