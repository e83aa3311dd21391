/* SPDX-License-Identifier: MIT */
/* "0=off;2=charging" of a table, as a map wants it. */
#ifndef PROXY_IMPORT_VALUES_H
#define PROXY_IMPORT_VALUES_H

#include "proxy/import_part.h"

/* A new string, or NULL when there is nothing to tell; what could not be read
 * is in the report. The caller frees it. */
char *import_values_read(const char *text, const struct import_row *row,
    struct import_report *report);

#endif
