/* SPDX-License-Identifier: MIT */
#include "storage/names.h"

#include <string.h>

/* The id of a name, entered if it is new. */
static enum db_status
intern(struct db *db, const char *name, sqlite3_int64 *id)
{
	static const char text[] = "INSERT INTO name (name) VALUES (?1)"
				   " ON CONFLICT DO UPDATE SET name = ?1"
				   " RETURNING id";
	sqlite3_stmt *statement = NULL;
	enum db_status status = DB_OK;

	if (sqlite3_prepare_v2(db->handle, text, -1, &statement, NULL) ==
		SQLITE_OK &&
	    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) ==
		SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		*id = sqlite3_column_int64(statement, 0);
	else
		status = db_failure(db);
	sqlite3_finalize(statement);
	return status;
}

static enum db_status
intern_config(struct names *names, struct db *db, const struct config *config)
{
	enum db_status status = DB_OK;

	for (unsigned i = 0; i < config->lines_count && status == DB_OK; i++)
		status = intern(db, config->lines[i].name, &names->line[i]);
	for (unsigned i = 0; i < config->devices_count && status == DB_OK; i++)
		status = intern(db, config->devices[i].name, &names->device[i]);
	for (unsigned i = 0; i < config->shown_count && status == DB_OK; i++)
		status = intern(db, config->shown[i].name, &names->shown[i]);
	return status;
}

/* Our own words first: they keep their small ids whatever is configured. */
static enum db_status
intern_words(struct names *names, struct db *db)
{
	enum db_status status = DB_OK;

	for (unsigned i = 0; i < TXN_SIDE_COUNT && status == DB_OK; i++)
		status = intern(db, message_side_name(i), &names->side[i]);
	for (unsigned i = 0; i < TXN_OUTCOME_COUNT && status == DB_OK; i++)
		status =
		    intern(db, message_outcome_name(i), &names->outcome[i]);
	for (unsigned i = 0; i < REASON_COUNT && status == DB_OK; i++)
		status = intern(db, reason_name(i), &names->reason[i]);
	return status;
}

enum db_status
names_load(struct names *names, struct db *db, const struct config *config)
{
	enum db_status status = db_run(db, "BEGIN IMMEDIATE");

	memset(names, 0, sizeof(*names));
	if (status == DB_OK)
		status = intern_words(names, db);
	if (status == DB_OK)
		status = intern_config(names, db, config);
	if (status == DB_OK)
		status = db_run(db, "COMMIT");
	return status;
}
