/* SPDX-License-Identifier: MIT */
/* The notes in front of a table, "# key: value", as far as they can be read;
 * what cannot goes into the quirks as it stands, and the report says so. */
#ifndef PROXY_IMPORT_HEAD_H
#define PROXY_IMPORT_HEAD_H

#include "proxy/import_part.h"

/* note is "key: value"; it is written into. Lines without a key are passed
 * over. */
void import_head_note(struct import_head *head, char *note, unsigned line,
    struct import_report *report);

#endif
