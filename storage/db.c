/* SPDX-License-Identifier: MIT */
#include "storage/db.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/log.h"

enum {
	BUSY_MS = 1000, /* a shell that writes beside us; its lock is short */
	LAST_BUSY_MS = 100,
	CHECK_STEPS = 1000, /* virtual machine steps between looks at a clock */
};

extern const char schema_sql[]; /* storage/schema.sql */

/* steps[v] brings version v to v + 1. */
static const char *const steps[DB_VERSION] = { schema_sql };

/* auto_vacuum only takes effect before the first table: with it a file can
 * give space back later without being rewritten. The log is cut back to its
 * usual size after a long reader made it grow. */
static const char settings[] = "PRAGMA auto_vacuum = INCREMENTAL;"
			       "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = NORMAL;"
			       "PRAGMA journal_size_limit = 8388608;";

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

enum { LEVEL_COUNT = sizeof(level_names) / sizeof(level_names[0]) };

const char *
db_level_name(int level)
{
	return level >= 0 && level < LEVEL_COUNT ? level_names[level] : "?";
}

int
db_level_parse(const char *name)
{
	for (int level = 0; level < LEVEL_COUNT; level++) {
		if (strcmp(name, level_names[level]) == 0)
			return level;
	}
	return LOG_LEVEL_INFO;
}

enum db_status
db_failure(struct db *db)
{
	int code = sqlite3_errcode(db->handle);

	snprintf(
	    db->error, sizeof(db->error), "%s", sqlite3_errmsg(db->handle));
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? DB_CORRUPT
	                                                       : DB_FAILED;
}

static enum db_status
fail_with(struct db *db, enum db_status status, const char *reason)
{
	snprintf(db->error, sizeof(db->error), "%s", reason);
	return status;
}

enum db_status
db_run(struct db *db, const char *sql)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK
	           ? DB_OK
	           : db_failure(db);
}

static enum db_status
ask_number(struct db *db, const char *sql, int *number)
{
	sqlite3_stmt *statement = NULL;
	enum db_status status = DB_OK;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		*number = sqlite3_column_int(statement, 0);
	else
		status = db_failure(db);
	sqlite3_finalize(statement);
	return status;
}

/* Each step and its version number come in one transaction: a cut leaves the
 * old schema or the new one. */
static enum db_status
migrate_step(struct db *db, int version)
{
	char mark[48];
	enum db_status status;

	snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", version + 1);
	status = db_run(db, "BEGIN IMMEDIATE");
	if (status == DB_OK)
		status = db_run(db, steps[version]);
	if (status == DB_OK)
		status = db_run(db, mark);
	if (status == DB_OK)
		status = db_run(db, "COMMIT");
	return status;
}

static enum db_status
check_identity(struct db *db, int *version)
{
	int tables = 0;
	enum db_status status;

	status = ask_number(db, "PRAGMA user_version", version);
	if (status == DB_OK)
		status = ask_number(
		    db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (status != DB_OK)
		return status;
	if (*version > DB_VERSION || *version < 0)
		return fail_with(db, DB_REFUSED, "written by a newer gridshim");
	if (*version == 0 && tables > 0)
		return fail_with(
		    db, DB_REFUSED, "the database of another program");
	return DB_OK;
}

/* Nothing is written before we know that the file is ours. */
static enum db_status
prepare_file(struct db *db)
{
	int version = 0;
	enum db_status status;

	sqlite3_busy_timeout(db->handle, BUSY_MS);
	if (sqlite3_db_readonly(db->handle, "main") != 0)
		return fail_with(db, DB_FAILED, "read-only");
	status = check_identity(db, &version);
	if (status == DB_OK)
		status = db_run(db, settings);
	for (; status == DB_OK && version < DB_VERSION; version++)
		status = migrate_step(db, version);
	return status;
}

static bool
make_folder(const char *path)
{
	char folder[PATH_MAX];

	if ((size_t)snprintf(folder, sizeof(folder), "%s", path) >=
	    sizeof(folder)) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *end = strchr(folder + 1, '/'); end != NULL;
	     end = strchr(end + 1, '/')) {
		*end = '\0';
		if (mkdir(folder, 0750) < 0 && errno != EEXIST)
			return false;
		*end = '/';
	}
	return true;
}

enum db_status
db_open(struct db *db, const char *path)
{
	enum db_status status;
	int flags =
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	db->handle = NULL;
	db->error[0] = '\0';
	if (!make_folder(path))
		return fail_with(db, DB_FAILED, strerror(errno));
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) == SQLITE_OK)
		status = prepare_file(db);
	else
		status = db_failure(db);
	if (status != DB_OK)
		db_abandon(db);
	return status;
}

void
db_abandon(struct db *db)
{
	if (db->handle == NULL)
		return;
	sqlite3_db_config(
	    db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(db->handle);
	db->handle = NULL;
}

void
db_close(struct db *db)
{
	if (db->handle == NULL)
		return;
	sqlite3_busy_timeout(db->handle, LAST_BUSY_MS);
	/* Whether or not it works: what is left is in the log. */
	sqlite3_wal_checkpoint_v2(
	    db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	db_abandon(db);
}

static int
past_deadline(void *context)
{
	const struct mono *deadline = context;

	return mono_reached(clock_now(), *deadline);
}

enum db_status
db_check(struct db *db, int limit_ms)
{
	struct mono deadline = mono_add_ms(clock_now(), limit_ms);
	sqlite3_stmt *statement = NULL;
	enum db_status status = DB_OK;
	const char *verdict;
	int code;

	sqlite3_progress_handler(
	    db->handle, CHECK_STEPS, past_deadline, &deadline);
	code = sqlite3_prepare_v2(
	    db->handle, "PRAGMA quick_check(1)", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		verdict = (const char *)sqlite3_column_text(statement, 0);
		if (verdict != NULL && strcmp(verdict, "ok") != 0)
			status = fail_with(db, DB_CORRUPT, verdict);
	} else if (code != SQLITE_INTERRUPT) {
		status = db_failure(db);
	}
	sqlite3_finalize(statement);
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
	return status;
}

/* A name that is free, so that no earlier one is overwritten. */
static bool
choose_aside(const char *path, char *aside, unsigned size)
{
	char stamp[24];
	time_t now = (time_t)(clock_wall_us() / 1000000);
	struct tm utc;
	int length;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	for (int i = 0; i < 100; i++) {
		length =
		    i == 0 ? snprintf(aside, size, "%s.corrupt-%s", path, stamp)
			   : snprintf(aside, size, "%s.corrupt-%s-%d", path,
				 stamp, i);
		if (length < 0 || (unsigned)length >= size)
			return false;
		if (access(aside, F_OK) < 0)
			return true;
	}
	return false;
}

/* The log goes along under the name SQLite looks for beside its file. */
static bool
rename_with(const char *from, const char *to, const char *suffix)
{
	char from_file[PATH_MAX], to_file[PATH_MAX];

	if ((size_t)snprintf(from_file, sizeof(from_file), "%s%s", from,
		suffix) >= sizeof(from_file) ||
	    (size_t)snprintf(to_file, sizeof(to_file), "%s%s", to, suffix) >=
		sizeof(to_file))
		return false;
	return rename(from_file, to_file) == 0 || errno == ENOENT;
}

bool
db_set_aside(struct db *db, const char *path, char *aside, unsigned aside_size)
{
	db_abandon(db);
	/* The log first: left behind, it would be replayed into a new file. */
	return choose_aside(path, aside, aside_size) &&
	       rename_with(path, aside, "-wal") &&
	       rename_with(path, aside, "-shm") && rename_with(path, aside, "");
}
