/* SPDX-License-Identifier: MIT */
/*
 * The database file: opened for writing, brought to this program's schema, and
 * moved out of the way when it is damaged. One connection writes and
 * checkpoints in the whole system; SQLite before 3.51.3 can lose a WAL that
 * two connections reset at once.
 */
#ifndef STORAGE_DB_H
#define STORAGE_DB_H

#include <sqlite3.h>
#include <stdbool.h>

enum { DB_VERSION = 1, DB_ERROR_SIZE = 160 };

enum db_status {
	DB_OK,
	DB_FAILED, /* cannot be opened or written now; may pass */
	DB_CORRUPT, /* damaged, or no database at all: db_set_aside */
	DB_REFUSED, /* of a newer version, or not ours: left untouched */
};

struct db {
	sqlite3 *handle; /* NULL: closed */
	char error[DB_ERROR_SIZE]; /* after anything but DB_OK */
};

/* Makes the folder (0750) and the file if they are missing, and the tables in
 * an empty file. Anything but DB_OK leaves it closed. */
enum db_status db_open(struct db *db, const char *path);

/* Puts the log back into the file, waiting for readers up to 100 ms. */
void db_close(struct db *db);
/* Closes without touching the file again. */
void db_abandon(struct db *db);

/* Looks for damage for at most limit_ms; a large file is seen in part. */
enum db_status db_check(struct db *db, int limit_ms);

/* What the last failed call on the handle means; fills in db->error. */
enum db_status db_failure(struct db *db);

/* Runs statements that return nothing. */
enum db_status db_run(struct db *db, const char *sql);

/*
 * Closed first, then renamed with its log to PATH.corrupt-UTCSTAMP: not a byte
 * is lost, and the next db_open begins anew. Writes that name to aside. False:
 * it could not be renamed.
 */
bool db_set_aside(
    struct db *db, const char *path, char *aside, unsigned aside_size);

/* "warning" <-> enum log_level, as in the table event. */
const char *db_level_name(int level);
int db_level_parse(const char *name);

#endif
