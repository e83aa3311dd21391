/* SPDX-License-Identifier: MIT */
/*
 * A map from a spreadsheet: the CSV of a device's registers, with notes
 * ("# key: value") in front, becomes a map file (gridshim-map(5)).
 *
 * Nothing is guessed silently: each row and note that could not be read whole
 * has a line in the report, with its line number and why. A quantity is only
 * made of a row whose name, unit and sign leave no doubt.
 *
 * Columns are found by their heading, English or German, in any order; there
 * must be a name, an address and a type. Besides name there may be `point`,
 * which names the quantity, "-" for none, and thereby answers for the sign.
 */
#ifndef PROXY_IMPORT_H
#define PROXY_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "proxy/import_part.h"

/* What the caller knows better than the file. */
struct import_known {
	const char *name; /* NULL: the note `device` */
	const char *kind; /* NULL: the note `kind` */
	enum import_addressing addressing; /* UNTOLD: the note `addressing` */
};

/*
 * Writes the map to `out`, and a line for each row and note that could not be
 * read to report->out. text[size] must be a byte that can be written; the text
 * is taken apart in place. False when there is no map in it; the report then
 * says why.
 */
bool import_text(char *text, size_t size, const struct import_known *known,
    FILE *out, struct import_report *report);

#endif
