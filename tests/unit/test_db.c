/* SPDX-License-Identifier: MIT */
#include "tests/unit/storage_helper.h"

#include "gateway/log.h"
#include "storage/db.h"

static void
open_close(void)
{
	struct db db;

	assert_int_equal(db_open(&db, helper_path), DB_OK);
	db_close(&db);
}

static void
an_empty_place_gets_folder_file_and_tables(void **state)
{
	char deep[HELPER_PATH + 16];
	struct stat status;
	struct db db;

	(void)state;
	snprintf(deep, sizeof(deep), "%s/a/b/history.db", helper_folder);
	assert_int_equal(db_open(&db, deep), DB_OK);
	db_close(&db);
	*strrchr(deep, '/') = '\0';
	assert_int_equal(stat(deep, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0750);
	strcat(deep, "/history.db");
	assert_string_equal(
	    helper_query(deep, "SELECT group_concat(name, ' ') FROM (SELECT"
			       " name FROM sqlite_schema WHERE type IN"
			       " ('table', 'view') ORDER BY name)"),
	    "event fault inverter_saw name offset_set power_minute reading"
	    " sample setting txn txn_raw");
	assert_string_equal(helper_query(deep, "PRAGMA user_version"), "1");
	assert_string_equal(helper_query(deep, "PRAGMA journal_mode"), "wal");
	assert_string_equal(helper_query(deep, "PRAGMA auto_vacuum"), "2");
}

static void
an_empty_file_is_migrated(void **state)
{
	(void)state;
	helper_write(helper_path, "", 0);
	open_close();
	assert_rows("PRAGMA user_version", "1");
}

static void
a_current_file_keeps_its_rows(void **state)
{
	(void)state;
	open_close();
	helper_query(
	    helper_path, "INSERT INTO event VALUES (7, 1, 'info', 'a', 'b')");
	open_close();
	assert_rows("SELECT * FROM event", "7|1|info|a|b");
}

static void
settings_of_the_writing_connection(void **state)
{
	struct db db;
	sqlite3_stmt *statement;

	(void)state;
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	sqlite3_prepare_v2(
	    db.handle, "PRAGMA synchronous", -1, &statement, NULL);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), 1);
	sqlite3_finalize(statement);
	db_close(&db);
	assert_null(db.handle);
}

/* Files that must stay exactly as they are. */
static void
refused_files_stay_untouched(void **state)
{
	static const struct {
		const char *sql;
		const char *error;
	} rows[] = {
		{ "PRAGMA user_version = 2", "written by a newer gridshim" },
		{ "PRAGMA user_version = -1", "written by a newer gridshim" },
		{ "CREATE TABLE recipes (x)",
		    "the database of another program" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct db db;
		size_t length;
		char *bytes;

		helper_write(helper_path, "", 0);
		helper_query(helper_path, rows[i].sql);
		bytes = helper_bytes(helper_path, &length);
		assert_true(length > 0);
		assert_int_equal(db_open(&db, helper_path), DB_REFUSED);
		assert_string_equal(db.error, rows[i].error);
		assert_null(db.handle);
		assert_true(helper_same_bytes(helper_path, bytes, length));
		free(bytes);
	}
}

static void
a_path_that_cannot_be_is_a_failure_not_damage(void **state)
{
	char path[HELPER_PATH + 16];
	struct db db;

	(void)state;
	helper_write(helper_path, "x", 1);
	snprintf(path, sizeof(path), "%s/history.db", helper_path);
	assert_int_equal(db_open(&db, path), DB_FAILED);
	assert_string_not_equal(db.error, "");
	snprintf(path, sizeof(path), "%s", helper_folder);
	assert_int_equal(db_open(&db, path), DB_FAILED);
}

static void
garbage_is_set_aside_with_every_byte(void **state)
{
	static char bytes[20000];
	char aside[2][HELPER_PATH * 2];
	struct db db;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + 1);
	/* Twice within a second: the first one is not overwritten. */
	for (int i = 0; i < 2; i++) {
		bytes[0] = (char)('a' + i);
		helper_write(helper_path, bytes, sizeof(bytes));
		assert_int_equal(db_open(&db, helper_path), DB_CORRUPT);
		assert_true(
		    db_set_aside(&db, helper_path, aside[i], sizeof(aside[i])));
		assert_int_equal(access(helper_path, F_OK), -1);
		open_close();
		unlink(helper_path);
	}
	assert_non_null(strstr(aside[0], "/history.db.corrupt-20"));
	assert_string_not_equal(aside[0], aside[1]);
	bytes[0] = 'a';
	assert_true(helper_same_bytes(aside[0], bytes, sizeof(bytes)));
	bytes[0] = 'b';
	assert_true(helper_same_bytes(aside[1], bytes, sizeof(bytes)));
}

static void
fill(const char *path)
{
	helper_query(path,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 2000) INSERT INTO event (time_us, level, subject, text)"
	    " SELECT i, 'info', 'x', hex(randomblob(50)) FROM n");
}

static void
flipped_pages_are_found_and_their_log_goes_along(void **state)
{
	char aside[HELPER_PATH * 2], wal[HELPER_PATH + 8];
	struct db db;
	size_t length;
	char *bytes;

	(void)state;
	open_close();
	fill(helper_path);
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	assert_int_equal(db_check(&db, 10000), DB_OK);
	db_close(&db);

	bytes = helper_bytes(helper_path, &length);
	memset(bytes + length - 8 * 4096, 0xa5, 4 * 4096);
	helper_write(helper_path, bytes, length);
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	assert_int_equal(db_check(&db, 10000), DB_CORRUPT);
	assert_int_equal(db_run(&db, "DELETE FROM setting"), DB_OK);
	snprintf(wal, sizeof(wal), "%s-wal", helper_path);
	assert_true(
	    db_set_aside(&db, helper_path, aside, (unsigned)sizeof(aside)));
	assert_null(db.handle);
	assert_true(helper_same_bytes(aside, bytes, length));
	assert_int_equal(access(wal, F_OK), -1);
	strcat(aside, "-wal");
	assert_int_equal(access(aside, F_OK), 0);
	open_close();
	assert_rows("SELECT count(*) FROM event", "0");
	free(bytes);
}

static void
a_check_keeps_its_time(void **state)
{
	struct db db;

	(void)state;
	open_close();
	fill(helper_path);
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	assert_int_equal(db_check(&db, 0), DB_OK);
	assert_int_equal(db_run(&db, "DELETE FROM event"), DB_OK);
	db_close(&db);
}

static void
levels_have_names(void **state)
{
	(void)state;
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
		assert_int_equal(db_level_parse(db_level_name(level)), level);
	assert_string_equal(db_level_name(LOG_LEVEL_WARNING), "warning");
	assert_string_equal(db_level_name(-1), "?");
	assert_string_equal(db_level_name(99), "?");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, helper_setup, helper_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_place_gets_folder_file_and_tables),
		TEST(an_empty_file_is_migrated),
		TEST(a_current_file_keeps_its_rows),
		TEST(settings_of_the_writing_connection),
		TEST(refused_files_stay_untouched),
		TEST(a_path_that_cannot_be_is_a_failure_not_damage),
		TEST(garbage_is_set_aside_with_every_byte),
		TEST(flipped_pages_are_found_and_their_log_goes_along),
		TEST(a_check_keeps_its_time),
		TEST(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
