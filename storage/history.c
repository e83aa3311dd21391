/* SPDX-License-Identifier: MIT */
#include "storage/history.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gateway/clock.h"
#include "storage/db.h"

enum {
	CHECK_STEPS = 1000, /* virtual machine steps between looks at a clock */
	BUSY_MS = 200,
};

struct history {
	char *path;
	sqlite3 *handle;
	dev_t device; /* which file is open: the path may get another */
	ino_t inode;
	struct mono deadline; /* of the running query */
};

static int
past_deadline(void *context)
{
	const struct history *history = context;

	return mono_reached(clock_now(), history->deadline);
}

static bool
is_ours(sqlite3 *handle)
{
	sqlite3_stmt *statement = NULL;
	bool ours;

	ours = sqlite3_prepare_v2(handle, "PRAGMA user_version", -1, &statement,
		   NULL) == SQLITE_OK &&
	       sqlite3_step(statement) == SQLITE_ROW &&
	       sqlite3_column_int(statement, 0) == DB_VERSION;
	sqlite3_finalize(statement);
	return ours;
}

static void
disconnect(struct history *history)
{
	sqlite3_close(history->handle);
	history->handle = NULL;
}

static bool
connect_file(struct history *history)
{
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	struct stat file;

	if (stat(history->path, &file) < 0)
		return false;
	history->device = file.st_dev;
	history->inode = file.st_ino;
	if (sqlite3_open_v2(history->path, &history->handle, flags, NULL) !=
	    SQLITE_OK) {
		disconnect(history);
		return false;
	}
	sqlite3_busy_timeout(history->handle, BUSY_MS);
	if (!is_ours(history->handle)) {
		disconnect(history);
		return false;
	}
	sqlite3_progress_handler(
	    history->handle, CHECK_STEPS, past_deadline, history);
	return true;
}

struct history *
history_open(const char *path)
{
	struct history *history = calloc(1, sizeof(*history));

	if (history == NULL)
		return NULL;
	history->path = strdup(path);
	/* is_ours runs without a deadline: it reads one page. */
	if (history->path != NULL && connect_file(history))
		return history;
	history_close(history);
	return NULL;
}

void
history_close(struct history *history)
{
	if (history == NULL)
		return;
	disconnect(history);
	free(history->path);
	free(history);
}

/* The same file still, or the one that has taken its place. */
static bool
reconnect(struct history *history)
{
	struct stat file;

	if (history->handle != NULL && stat(history->path, &file) == 0 &&
	    file.st_dev == history->device && file.st_ino == history->inode)
		return true;
	disconnect(history);
	return connect_file(history);
}

static const char *
failure(const struct history *history)
{
	int code = sqlite3_errcode(history->handle);

	if (code == SQLITE_INTERRUPT)
		return "the query took too long; ask for a shorter time";
	if (code == SQLITE_BUSY)
		return "the database is busy; try again";
	return "the database cannot be read";
}

static sqlite3_stmt *
prepare(struct history *history, const char *text, const char **error)
{
	sqlite3_stmt *statement = NULL;

	if (!reconnect(history)) {
		*error = "there is no database yet";
		return NULL;
	}
	history->deadline = mono_add_ms(clock_now(), HISTORY_LIMIT_MS);
	if (sqlite3_prepare_v2(history->handle, text, -1, &statement, NULL) !=
	    SQLITE_OK)
		*error = failure(history);
	return statement;
}

/* Finalizes. Returns count, or -1 when the last step was no orderly end. */
static int
finish(struct history *history, sqlite3_stmt *statement, int step, int count,
    const char **error)
{
	if (step != SQLITE_DONE && step != SQLITE_ROW) {
		*error = failure(history);
		count = -1;
	}
	sqlite3_finalize(statement);
	return count;
}

/* The running step's mean without a sum that could grow without end. */
static void
add_value(struct history_point *point, double value, unsigned nth)
{
	point->mean += (value - point->mean) / nth;
	point->min = value < point->min ? value : point->min;
	point->max = value > point->max ? value : point->max;
}

/* Rows come in the order of time, so a step is done when the next begins. */
static int
read_points(struct history *history, sqlite3_stmt *statement, int64_t from_us,
    int64_t step_us, struct history_point *points, const char **error)
{
	int count = 0, step;
	unsigned nth = 0;
	int64_t start_us;
	double value;

	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		start_us = sqlite3_column_int64(statement, 0);
		start_us -= (start_us - from_us) % step_us;
		value = sqlite3_column_double(statement, 1);
		if (count == 0 || points[count - 1].wall_us != start_us) {
			points[count++] = (struct history_point){ start_us,
				value, value, value };
			nth = 0;
		}
		add_value(&points[count - 1], value, ++nth);
	}
	return finish(history, statement, step, count, error);
}

/* 0: it cannot be done. */
static int64_t
choose_step(int64_t length_us, int64_t step_us, int max)
{
	int64_t least_us = length_us / max + (length_us % max != 0);

	if (step_us == 0)
		return least_us;
	return step_us >= least_us ? step_us : 0;
}

int
history_range(struct history *history, const char *subject,
    enum quantity quantity, int64_t from_us, int64_t to_us, int64_t step_us,
    struct history_point *points, int max, const char **error)
{
	char text[256];
	const char *column = quantity_name(quantity);
	sqlite3_stmt *statement;

	*error = NULL;
	from_us = from_us > 0 ? from_us : 0;
	max = max < HISTORY_POINTS_MAX ? max : HISTORY_POINTS_MAX;
	if (to_us <= from_us || max <= 0)
		return 0;
	step_us = choose_step(to_us - from_us, step_us, max);
	if (step_us <= 0) {
		*error = "more points than allowed; use a longer step";
		return -1;
	}
	snprintf(text, sizeof(text),
	    "SELECT time_us, %s FROM sample WHERE time_us >= ? AND"
	    " time_us < ? AND subject_id = (SELECT id FROM name WHERE name = ?)"
	    " AND %s IS NOT NULL ORDER BY time_us",
	    column, column);
	statement = prepare(history, text, error);
	if (statement == NULL)
		return -1;
	sqlite3_bind_int64(statement, 1, from_us);
	sqlite3_bind_int64(statement, 2, to_us);
	sqlite3_bind_text(statement, 3, subject, -1, SQLITE_STATIC);
	return read_points(history, statement, from_us, step_us, points, error);
}

static void
copy_column(char *to, size_t size, sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	snprintf(to, size, "%s", text != NULL ? text : "");
}

static void
read_event(sqlite3_stmt *statement, struct history_event *event)
{
	const char *level = (const char *)sqlite3_column_text(statement, 1);

	event->wall_us = sqlite3_column_int64(statement, 0);
	event->level = db_level_parse(level != NULL ? level : "");
	copy_column(event->subject, sizeof(event->subject), statement, 2);
	copy_column(event->text, sizeof(event->text), statement, 3);
}

int
history_events(struct history *history, struct history_event *events, int max,
    const char **error)
{
	sqlite3_stmt *statement;
	int count = 0, step = SQLITE_DONE;

	*error = NULL;
	/* In the order of arrival, whatever the clock did. */
	statement = prepare(history,
	    "SELECT time_us, level, subject, text FROM event ORDER BY id DESC",
	    error);
	if (statement == NULL)
		return -1;
	while (count < max && (step = sqlite3_step(statement)) == SQLITE_ROW)
		read_event(statement, &events[count++]);
	return finish(history, statement, step, count, error);
}
