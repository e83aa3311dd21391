/* SPDX-License-Identifier: MIT */
/*
 * Tables as spreadsheets write them (RFC 4180), taken apart in place; pure.
 *
 * Separated by comma, semicolon or tab, whichever the heading has most of;
 * line ends of any system, a byte order mark is passed over. Lines in front
 * that begin with # are notes.
 */
#ifndef PROXY_CSV_H
#define PROXY_CSV_H

#include <stdbool.h>
#include <stddef.h>

enum { CSV_FIELDS_MAX = 64 };

struct csv {
	char *at;
	char *end;
	char separator; /* 0: no record was read yet */
	unsigned line; /* of `at`, from 1 */
};

struct csv_record {
	unsigned line; /* where it begins */
	unsigned count; /* more fields than CSV_FIELDS_MAX are left out */
	char *fields[CSV_FIELDS_MAX]; /* without spaces around them */
};

/* text[size] must be a byte that can be written. Bytes of 0 become spaces. */
void csv_open(struct csv *csv, char *text, size_t size);

/* The next line if it is a note, without # and what a spreadsheet puts
 * around it; else NULL. Only before the first record. */
char *csv_note(struct csv *csv, unsigned *line);

/* False at the end. Empty lines are passed over. */
bool csv_next(struct csv *csv, struct csv_record *record);

#endif
