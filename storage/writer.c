/* SPDX-License-Identifier: MIT */
#include "storage/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "storage/record.h"

struct writer {
	struct db *db;
	sqlite3_stmt *begin;
	sqlite3_stmt *commit;
	sqlite3_stmt *insert[RECORD_COUNT];
	uint32_t pending;
	struct names names;
};

static enum db_status
prepare(struct writer *writer, const char *text, sqlite3_stmt **statement)
{
	return sqlite3_prepare_v2(
		   writer->db->handle, text, -1, statement, NULL) == SQLITE_OK
	           ? DB_OK
	           : db_failure(writer->db);
}

static enum db_status
prepare_all(struct writer *writer)
{
	enum db_status status;

	status = prepare(writer, "BEGIN IMMEDIATE", &writer->begin);
	if (status == DB_OK)
		status = prepare(writer, "COMMIT", &writer->commit);
	for (unsigned i = 0; i < RECORD_COUNT && status == DB_OK; i++)
		status = record_prepare(i, writer->db, &writer->insert[i]);
	return status;
}

struct writer *
writer_open(struct db *db, const struct config *config, enum db_status *status)
{
	struct writer *writer = calloc(1, sizeof(*writer));

	*status = DB_FAILED;
	if (writer == NULL) {
		snprintf(db->error, sizeof(db->error), "out of memory");
		return NULL;
	}
	writer->db = db;
	*status = prepare_all(writer);
	if (*status == DB_OK)
		*status = names_load(&writer->names, db, config);
	if (*status == DB_OK)
		return writer;
	writer_close(writer);
	return NULL;
}

void
writer_close(struct writer *writer)
{
	if (writer == NULL)
		return;
	sqlite3_finalize(writer->begin);
	sqlite3_finalize(writer->commit);
	for (unsigned i = 0; i < RECORD_COUNT; i++)
		sqlite3_finalize(writer->insert[i]);
	if (sqlite3_get_autocommit(writer->db->handle) == 0)
		sqlite3_exec(writer->db->handle, "ROLLBACK", NULL, NULL, NULL);
	free(writer);
}

static enum db_status
run(struct writer *writer, sqlite3_stmt *statement)
{
	enum db_status status = DB_OK;

	if (sqlite3_step(statement) != SQLITE_DONE)
		status = db_failure(writer->db);
	sqlite3_reset(statement);
	return status;
}

static enum db_status
add_row(
    struct writer *writer, enum record record, const struct message *message)
{
	sqlite3_stmt *statement = writer->insert[record];
	enum db_status status = DB_OK;

	if (writer->pending == 0)
		status = run(writer, writer->begin);
	if (status != DB_OK)
		return status;
	record_bind(record, &writer->names, message, statement);
	status = run(writer, statement);
	if (status == DB_OK)
		writer->pending++;
	return status;
}

static void
utc_text(int64_t wall_us, char *text, size_t size)
{
	time_t at = (time_t)(wall_us / 1000000);
	struct tm utc;

	if (gmtime_r(&at, &utc) == NULL ||
	    strftime(text, size, "%Y-%m-%d %H:%M:%S", &utc) == 0)
		snprintf(text, size, "?");
}

enum db_status
writer_gap(struct writer *writer, const char *subject,
    const struct message_gap *gap, const char *reason)
{
	struct message message;
	struct message_event *event = &message.body.event;
	char from[32], to[32];

	message_init(&message, MESSAGE_EVENT);
	utc_text(gap->from_wall_us, from, sizeof(from));
	utc_text(gap->to_wall_us, to, sizeof(to));
	event->wall_us = gap->to_wall_us;
	event->level = LOG_LEVEL_WARNING;
	snprintf(event->subject, sizeof(event->subject), "%s", subject);
	snprintf(event->text, sizeof(event->text),
	    "gap, %" PRIu64 " records lost from %s to %s UTC: %s", gap->dropped,
	    from, to, reason);
	return add_row(writer, RECORD_EVENT, &message);
}

enum db_status
writer_event(struct writer *writer, int level, const char *format, ...)
{
	struct message message;
	struct message_event *event = &message.body.event;
	va_list args;

	message_init(&message, MESSAGE_EVENT);
	event->wall_us = clock_wall_us();
	event->level = level;
	snprintf(event->subject, sizeof(event->subject), "storage");
	va_start(args, format);
	vsnprintf(event->text, sizeof(event->text), format, args);
	va_end(args);
	return add_row(writer, RECORD_EVENT, &message);
}

enum db_status
writer_add(struct writer *writer, const struct message *message)
{
	enum record record;

	if (message->type == MESSAGE_GAP)
		return writer_gap(writer, "proxy", &message->body.gap,
		    "the writer did not keep up");
	if (!record_find(&writer->names, message, &record))
		return DB_OK;
	return add_row(writer, record, message);
}

enum db_status
writer_commit(struct writer *writer)
{
	enum db_status status;

	if (writer->pending == 0)
		return DB_OK;
	status = run(writer, writer->commit);
	if (status == DB_OK)
		writer->pending = 0;
	return status;
}

uint32_t
writer_pending(const struct writer *writer)
{
	return writer->pending;
}
