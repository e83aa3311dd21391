/* SPDX-License-Identifier: MIT */
/* Which row a message becomes, and how its fields are laid into it. */
#ifndef STORAGE_RECORD_H
#define STORAGE_RECORD_H

#include <stdbool.h>

#include "storage/names.h"

/* The tables written to, one statement each. */
enum record {
	RECORD_TXN,
	RECORD_SAMPLE,
	RECORD_EVENT,
	RECORD_SETTING,
	RECORD_COUNT
};

/* Prepares the insert; the caller finalizes *statement. */
enum db_status record_prepare(
    enum record record, struct db *db, sqlite3_stmt **statement);

/* False: not a message for the record, or its subject has no name. */
bool record_find(const struct names *names, const struct message *message,
    enum record *record);

/* Texts and bytes are borrowed: step and reset before the message goes. */
void record_bind(enum record record, const struct names *names,
    const struct message *message, sqlite3_stmt *statement);

#endif
