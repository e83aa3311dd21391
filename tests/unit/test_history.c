/* SPDX-License-Identifier: MIT */
#include "tests/unit/storage_helper.h"

#include <limits.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "storage/history.h"
#include "storage/writer.h"

enum { SECOND_US = 1000000 };

static struct history_point points[HISTORY_POINTS_MAX];
static const char *error;

/* Active power of grid: 0 s .. 9 s of value i, a gap, 20 s .. 29 s; a second
 * device and a shown meter at the same times. */
static int
setup(void **state)
{
	struct message message;
	struct message_reading *reading = &message.body.reading;
	enum db_status status;
	struct writer *writer;
	struct db db;

	if (helper_setup(state) != 0 || db_open(&db, helper_path) != DB_OK)
		return -1;
	writer = writer_open(&db, &helper_config, &status);
	for (int i = 0; i < 30; i++) {
		if (i >= 10 && i < 20)
			continue;
		message_init(&message, MESSAGE_READING);
		reading->wall_us = (int64_t)i * SECOND_US;
		reading->known = 1 << QUANTITY_ACTIVE_POWER;
		reading->value[QUANTITY_ACTIVE_POWER] = i;
		writer_add(writer, &message);
		reading->subject = 1;
		reading->value[QUANTITY_ACTIVE_POWER] = 1000 + i;
		writer_add(writer, &message);
		reading->subject = 0;
		reading->shown = 1;
		reading->value[QUANTITY_ACTIVE_POWER] = -i;
		writer_add(writer, &message);
	}
	for (int i = 0; i < 5; i++)
		writer_event(writer, LOG_LEVEL_WARNING, "event %d", i);
	writer_commit(writer);
	writer_close(writer);
	db_close(&db);
	return 0;
}

static void
points_text(char *text, size_t size, int count)
{
	char point[96];

	snprintf(text, size, "%d:", count);
	for (int i = 0; i < count; i++) {
		snprintf(point, sizeof(point), " %ld=%g[%g,%g]",
		    (long)(points[i].wall_us / SECOND_US), points[i].mean,
		    points[i].min, points[i].max);
		helper_append(text, size, point);
	}
}

static void
ranges_give_steps_and_leave_gaps_out(void **state)
{
	static const struct {
		const char *rule;
		const char *subject;
		enum quantity quantity;
		int from_s, to_s, step_s, max;
		const char *expected;
	} rows[] = {
		{ "mean, least and greatest of each step", "grid",
		    QUANTITY_ACTIVE_POWER, 0, 10, 5, 10,
		    "2: 0=2[0,4] 5=7[5,9]" },
		{ "the gap has no points", "grid", QUANTITY_ACTIVE_POWER, 0, 30,
		    5, 10, "4: 0=2[0,4] 5=7[5,9] 20=22[20,24] 25=27[25,29]" },
		{ "steps are counted from the start", "grid",
		    QUANTITY_ACTIVE_POWER, 3, 12, 3, 10,
		    "3: 3=4[3,5] 6=7[6,8] 9=9[9,9]" },
		{ "from is in, to is out", "grid", QUANTITY_ACTIVE_POWER, 20,
		    21, 1, 10, "1: 20=20[20,20]" },
		{ "0: the step that fits", "grid", QUANTITY_ACTIVE_POWER, 0, 30,
		    0, 2, "2: 0=4.5[0,9] 15=24.5[20,29]" },
		{ "a device by name", "solis", QUANTITY_ACTIVE_POWER, 0, 2, 1,
		    10, "2: 0=1000[1000,1000] 1=1001[1001,1001]" },
		{ "a shown meter by name", "solis-meter", QUANTITY_ACTIVE_POWER,
		    5, 7, 2, 10, "1: 5=-5.5[-6,-5]" },
		{ "no such subject", "nobody", QUANTITY_ACTIVE_POWER, 0, 30, 0,
		    10, "0:" },
		{ "never measured", "grid", QUANTITY_VOLTAGE, 0, 30, 0, 10,
		    "0:" },
		{ "nothing in the gap", "grid", QUANTITY_ACTIVE_POWER, 10, 20,
		    0, 10, "0:" },
		{ "empty range", "grid", QUANTITY_ACTIVE_POWER, 5, 5, 0, 10,
		    "0:" },
		{ "backward range", "grid", QUANTITY_ACTIVE_POWER, 9, 5, 0, 10,
		    "0:" },
		{ "no room", "grid", QUANTITY_ACTIVE_POWER, 0, 30, 1, 0, "0:" },
		{ "a step too short for the room", "grid",
		    QUANTITY_ACTIVE_POWER, 0, 30, 2, 14, "-1:" },
		{ "a step that just fits", "grid", QUANTITY_ACTIVE_POWER, 28,
		    30, 1, 2, "2: 28=28[28,28] 29=29[29,29]" },
		{ "a negative step", "grid", QUANTITY_ACTIVE_POWER, 0, 30, -1,
		    10, "-1:" },
	};
	struct history *history = history_open(helper_path);
	char text[512];
	int count;

	(void)state;
	assert_non_null(history);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].rule);
		count = history_range(history, rows[i].subject,
		    rows[i].quantity, (int64_t)rows[i].from_s * SECOND_US,
		    (int64_t)rows[i].to_s * SECOND_US,
		    (int64_t)rows[i].step_s * SECOND_US, points, rows[i].max,
		    &error);
		points_text(text, sizeof(text), count);
		assert_string_equal(text, rows[i].expected);
		assert_int_equal(error != NULL, count < 0);
	}
	history_close(history);
}

static void
all_of_time_fits_into_any_number_of_points(void **state)
{
	struct history *history = history_open(helper_path);

	(void)state;
	srand(1);
	assert_int_equal(history_range(history, "grid", QUANTITY_ACTIVE_POWER,
			     INT64_MIN, INT64_MAX, 0, points, INT_MAX, &error),
	    1);
	assert_int_equal((int)points[0].max, 29);
	for (int i = 0; i < 300; i++) {
		int64_t from = rand() % (30 * SECOND_US);
		int64_t to = from + rand() % (30 * SECOND_US);
		int max = 1 + rand() % 40;
		int count = history_range(history, "grid",
		    QUANTITY_ACTIVE_POWER, from, to, 0, points, max, &error);

		assert_in_range(count, 0, max);
		for (int n = 0; n < count; n++) {
			assert_true(points[n].wall_us >= from);
			assert_true(points[n].wall_us < to);
			assert_true(points[n].min <= points[n].mean);
			assert_true(points[n].mean <= points[n].max);
			if (n > 0)
				assert_true(
				    points[n].wall_us > points[n - 1].wall_us);
		}
	}
	history_close(history);
}

static void
events_come_newest_first(void **state)
{
	struct history *history = history_open(helper_path);
	struct history_event events[8];

	(void)state;
	assert_int_equal(history_events(history, events, 2, &error), 2);
	assert_string_equal(events[0].text, "event 4");
	assert_string_equal(events[1].text, "event 3");
	assert_string_equal(events[0].subject, "storage");
	assert_int_equal(events[0].level, LOG_LEVEL_WARNING);
	assert_true(events[0].wall_us > 0);
	assert_int_equal(history_events(history, events, 8, &error), 5);
	assert_string_equal(events[4].text, "event 0");
	assert_int_equal(history_events(history, events, 0, &error), 0);
	history_close(history);
}

static void
what_cannot_be_read_is_not_opened(void **state)
{
	char path[HELPER_PATH + 16];

	(void)state;
	snprintf(path, sizeof(path), "%s/none.db", helper_folder);
	assert_null(history_open(path));
	assert_int_equal(access(path, F_OK), -1);
	helper_write(path, "this is no database at all", 26);
	assert_null(history_open(path));
	helper_write(path, "", 0);
	assert_null(history_open(path));
	helper_query(helper_path, "PRAGMA user_version = 2");
	assert_null(history_open(helper_path));
}

static void
nothing_is_ever_written(void **state)
{
	struct history *history;
	size_t length;
	char *bytes = helper_bytes(helper_path, &length);

	(void)state;
	history = history_open(helper_path);
	assert_int_equal(history_range(history, "grid", QUANTITY_ACTIVE_POWER,
			     0, 30 * SECOND_US, 0, points, 100, &error),
	    20);
	history_close(history);
	assert_true(helper_same_bytes(helper_path, bytes, length));
	free(bytes);
}

static void
a_replaced_file_is_found(void **state)
{
	struct history *history = history_open(helper_path);
	char aside[HELPER_PATH * 2];
	struct history_event events[8];
	struct db db;

	(void)state;
	assert_int_equal(history_events(history, events, 8, &error), 5);
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	assert_true(db_set_aside(&db, helper_path, aside, sizeof(aside)));
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	assert_int_equal(history_events(history, events, 8, &error), 0);
	assert_null(error);
	assert_true(db_set_aside(&db, helper_path, aside, sizeof(aside)));
	assert_int_equal(history_events(history, events, 8, &error), -1);
	assert_string_equal(error, "there is no database yet");
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	assert_int_equal(history_events(history, events, 8, &error), 0);
	db_close(&db);
	history_close(history);
}

static void
the_reader_sees_what_the_writer_commits(void **state)
{
	struct history *history = history_open(helper_path);
	struct history_event events[8];
	enum db_status status;
	struct writer *writer;
	struct db db;

	(void)state;
	assert_int_equal(db_open(&db, helper_path), DB_OK);
	writer = writer_open(&db, &helper_config, &status);
	writer_event(writer, LOG_LEVEL_ERROR, "new");
	assert_int_equal(history_events(history, events, 8, &error), 5);
	writer_commit(writer);
	assert_int_equal(history_events(history, events, 8, &error), 6);
	assert_string_equal(events[0].text, "new");
	writer_close(writer);
	db_close(&db);
	history_close(history);
}

/* The table is replaced by one without an end. */
static void
a_query_without_end_is_stopped(void **state)
{
	struct history *history;
	struct mono start;
	int64_t took_us;

	(void)state;
	helper_query(helper_path, "ALTER TABLE sample RENAME TO other");
	helper_query(helper_path,
	    "CREATE VIEW sample AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL"
	    " SELECT i + 1 FROM n) SELECT i % 9 AS time_us, (SELECT id FROM"
	    " name WHERE name = 'grid') AS subject_id, nullif(i, i) AS "
	    "active_power"
	    " FROM n");
	history = history_open(helper_path);
	assert_non_null(history);
	start = clock_now();
	assert_int_equal(history_range(history, "grid", QUANTITY_ACTIVE_POWER,
			     0, 100, 0, points, 100, &error),
	    -1);
	took_us = mono_diff_us(clock_now(), start);
	assert_string_equal(
	    error, "the query took too long; ask for a shorter time");
	assert_true(took_us >= HISTORY_LIMIT_MS * 1000);
	assert_true(took_us < HISTORY_LIMIT_MS * 1000 * 5);
	history_close(history);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, helper_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ranges_give_steps_and_leave_gaps_out),
		TEST(all_of_time_fits_into_any_number_of_points),
		TEST(events_come_newest_first),
		TEST(what_cannot_be_read_is_not_opened),
		TEST(nothing_is_ever_written),
		TEST(a_replaced_file_is_found),
		TEST(the_reader_sees_what_the_writer_commits),
		TEST(a_query_without_end_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
