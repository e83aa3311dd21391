/* SPDX-License-Identifier: MIT */
/*
 * Which quantity of the vocabulary a row of a table is, and with which sign.
 *
 * A name alone makes a quantity only where there is nothing to mistake. A power
 * or current that flows both ways becomes one when the table says which way is
 * positive; else the row keeps a name of its own.
 */
#ifndef PROXY_IMPORT_GUESS_H
#define PROXY_IMPORT_GUESS_H

#include "proxy/import_part.h"

enum import_guess_sign {
	IMPORT_SIGN_NONE, /* nothing to mistake */
	IMPORT_SIGN_GRID, /* ours: import positive */
	IMPORT_SIGN_BATTERY, /* charging positive */
	IMPORT_SIGN_AC, /* given positive */
};

/* 1: positive means ours, -1: the other way, 0: it is not told, or told both
 * ways. Lower-case text. */
int import_guess_told(const char *text, enum import_guess_sign sign);

/* Sets row->quantity, and scale and unit to suit. Says in the report why a row
 * that looks like one is left with a name. */
void import_guess_quantity(const struct import_head *head,
    struct import_row *row, struct import_report *report);

#endif
