/* SPDX-License-Identifier: MIT */
/*
 * Words that come back in every row stand in the table `name` once; rows hold
 * their numbers. Entered at the start for all that the configuration names.
 */
#ifndef STORAGE_NAMES_H
#define STORAGE_NAMES_H

#include "gateway/config.h"
#include "gateway/message.h"
#include "policy/reason.h"
#include "storage/db.h"

/* Ids in the table; 0: no such name. */
struct names {
	sqlite3_int64 side[TXN_SIDE_COUNT];
	sqlite3_int64 outcome[TXN_OUTCOME_COUNT];
	sqlite3_int64 reason[REASON_COUNT];
	sqlite3_int64 line[CONFIG_LINES_MAX];
	sqlite3_int64 device[CONFIG_DEVICES_MAX];
	sqlite3_int64 shown[CONFIG_SHOWN_MAX];
};

/* Enters what is missing, in one transaction. */
enum db_status names_load(
    struct names *names, struct db *db, const struct config *config);

#endif
