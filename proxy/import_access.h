/* SPDX-License-Identifier: MIT */
/*
 * Whether and how a row of a table may be written, and whether each write
 * wears the device. When in doubt it may not, and it does.
 */
#ifndef PROXY_IMPORT_ACCESS_H
#define PROXY_IMPORT_ACCESS_H

#include "proxy/import_row.h"

/* False, and said why, for what can only be written and must not be. */
bool import_access_read(const struct import_head *head,
    const struct import_fields *fields, struct import_row *row,
    struct import_report *report);

#endif
