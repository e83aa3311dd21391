/* SPDX-License-Identifier: MIT */
#include "storage/record.h"

#include <assert.h>
#include <stddef.h>

#include "policy/quantity.h"

/* What the table of samples has columns for: meters, and what is steered. */
enum { KEPT_QUANTITIES = QUANTITY_OFFSET + 1 };

static_assert(
    (int)QUANTITY_COUNT <= (int)MESSAGE_QUANTITIES, "a reading has room");

/* A second sample of the same microsecond (a meter's slow registers, or a
 * clock set back) is merged, never refused. */
static char *
sample_text(void)
{
	sqlite3_str *text = sqlite3_str_new(NULL);
	const char *name;

	sqlite3_str_appendall(text, "INSERT INTO sample (time_us, subject_id");
	for (unsigned q = 0; q < KEPT_QUANTITIES; q++)
		sqlite3_str_appendf(text, ", \"%w\"", quantity_name(q));
	sqlite3_str_appendall(text, ") VALUES (?, ?");
	for (unsigned q = 0; q < KEPT_QUANTITIES; q++)
		sqlite3_str_appendall(text, ", ?");
	sqlite3_str_appendall(
	    text, ") ON CONFLICT (time_us, subject_id) DO UPDATE SET ");
	for (unsigned q = 0; q < KEPT_QUANTITIES; q++) {
		name = quantity_name(q);
		sqlite3_str_appendf(text,
		    "%s\"%w\" = coalesce(excluded.\"%w\", \"%w\")",
		    q > 0 ? ", " : "", name, name, name);
	}
	return sqlite3_str_finish(text);
}

/* Parameters are bound in order; this keeps count of them. */
struct binder {
	sqlite3_stmt *statement;
	int next;
};

static void
put_int(struct binder *binder, int64_t value)
{
	sqlite3_bind_int64(binder->statement, binder->next++, value);
}

static void
put_int_if(struct binder *binder, bool known, int64_t value)
{
	if (known)
		put_int(binder, value);
	else
		sqlite3_bind_null(binder->statement, binder->next++);
}

static void
put_id(struct binder *binder, const sqlite3_int64 *ids, unsigned count,
    unsigned index)
{
	bool known = index < count && ids[index] != 0;

	put_int_if(binder, known, known ? ids[index] : 0);
}

static void
put_text(struct binder *binder, const char *text)
{
	sqlite3_bind_text(
	    binder->statement, binder->next++, text, -1, SQLITE_STATIC);
}

static void
put_bytes(struct binder *binder, const uint8_t *bytes, int length)
{
	if (length > 0)
		sqlite3_bind_blob(binder->statement, binder->next++, bytes,
		    length, SQLITE_STATIC);
	else
		sqlite3_bind_null(binder->statement, binder->next++);
}

static void
bind_txn(const struct names *names, struct binder *binder,
    const union message_body *body)
{
	const struct message_txn *txn = &body->txn;
	/* A TCP client is answered from a shown meter or from something
	 * else, which has no reason. */
	bool asked = txn->side == TXN_INVERTER ||
	             (txn->side == TXN_CLIENT && txn->reason != REASON_NONE);
	/* Without a sample behind it, true, shown and offset are no numbers. */
	bool backed = asked && txn->sample_age_ms >= 0;

	put_int(binder, txn->wall_us);
	put_id(binder, names->line, CONFIG_LINES_MAX, txn->line);
	put_id(binder, names->side, TXN_SIDE_COUNT, txn->side);
	put_int(binder, txn->unit);
	put_int(binder, txn->function);
	put_int(binder, txn->address);
	put_int(binder, txn->count);
	put_int_if(binder, txn->response_length > 0, txn->duration_us);
	put_id(binder, names->outcome, TXN_OUTCOME_COUNT, txn->outcome);
	put_int_if(binder, backed, txn->true_w);
	put_int_if(binder, backed, txn->shown_w);
	put_int_if(binder, backed, txn->offset_w);
	put_id(binder, names->reason, asked ? REASON_COUNT : 0, txn->reason);
	put_int_if(binder, backed, txn->sample_age_ms);
	put_bytes(binder, txn->request, txn->request_length);
	put_bytes(binder, txn->response, txn->response_length);
}

/* 0: not in the configuration. */
static sqlite3_int64
reading_subject(
    const struct names *names, const struct message_reading *reading)
{
	unsigned limit = reading->shown ? CONFIG_SHOWN_MAX : CONFIG_DEVICES_MAX;

	if (reading->subject >= limit)
		return 0;
	return reading->shown ? names->shown[reading->subject]
	                      : names->device[reading->subject];
}

static void
bind_reading(const struct names *names, struct binder *binder,
    const union message_body *body)
{
	const struct message_reading *reading = &body->reading;

	put_int(binder, reading->wall_us);
	put_int(binder, reading_subject(names, reading));
	for (unsigned q = 0; q < KEPT_QUANTITIES; q++, binder->next++) {
		if (reading->known >> q & 1)
			sqlite3_bind_double(
			    binder->statement, binder->next, reading->value[q]);
		else
			sqlite3_bind_null(binder->statement, binder->next);
	}
}

static void
bind_event(const struct names *names, struct binder *binder,
    const union message_body *body)
{
	const struct message_event *event = &body->event;

	(void)names;
	put_int(binder, event->wall_us);
	put_text(binder, db_level_name(event->level));
	put_text(binder, event->subject);
	put_text(binder, event->text);
}

static void
bind_setting(const struct names *names, struct binder *binder,
    const union message_body *body)
{
	const struct message_setting *setting = &body->setting;

	(void)names;
	put_int(binder, setting->wall_us);
	put_text(binder, setting->subject);
	put_text(binder, setting->key);
	put_text(binder, setting->value);
	put_text(binder, setting->owner);
}

static const struct {
	const char *text; /* NULL: made from the names of the quantities */
	void (*bind)(const struct names *names, struct binder *binder,
	    const union message_body *body);
} records[RECORD_COUNT] = {
	[RECORD_TXN] = { "INSERT INTO txn_raw (time_us, line_id, side_id, unit,"
			 " function, address, count, duration_us, outcome_id,"
			 " true_w, shown_w, offset_w, reason_id,"
			 " sample_age_ms, request, response)"
			 " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	    bind_txn },
	[RECORD_SAMPLE] = { NULL, bind_reading },
	[RECORD_EVENT] = { "INSERT INTO event (time_us, level, subject, text)"
			   " VALUES (?,?,?,?)",
	    bind_event },
	[RECORD_SETTING] = { "INSERT INTO setting (time_us, subject, key,"
			     " value, owner) VALUES (?,?,?,?,?)",
	    bind_setting },
};

enum db_status
record_prepare(enum record record, struct db *db, sqlite3_stmt **statement)
{
	char *made = records[record].text == NULL ? sample_text() : NULL;
	const char *text = made != NULL ? made : records[record].text;
	enum db_status status = DB_OK;

	/* A NULL text is out of memory; SQLite says so too. */
	if (sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
		statement, NULL) != SQLITE_OK)
		status = db_failure(db);
	sqlite3_free(made);
	return status;
}

bool
record_find(const struct names *names, const struct message *message,
    enum record *record)
{
	static const struct {
		bool kept;
		enum record record;
	} kinds[MESSAGE_TYPE_END] = {
		[MESSAGE_TXN] = { true, RECORD_TXN },
		[MESSAGE_READING] = { true, RECORD_SAMPLE },
		[MESSAGE_EVENT] = { true, RECORD_EVENT },
		[MESSAGE_SETTING] = { true, RECORD_SETTING },
	};

	if (message->type >= MESSAGE_TYPE_END || !kinds[message->type].kept)
		return false;
	*record = kinds[message->type].record;
	return *record != RECORD_SAMPLE ||
	       reading_subject(names, &message->body.reading) != 0;
}

void
record_bind(enum record record, const struct names *names,
    const struct message *message, sqlite3_stmt *statement)
{
	struct binder binder = { .statement = statement, .next = 1 };

	records[record].bind(names, &binder, &message->body);
}
