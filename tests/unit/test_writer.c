/* SPDX-License-Identifier: MIT */
#include "tests/unit/storage_helper.h"

#include "gateway/clock.h"
#include "gateway/log.h"
#include "policy/quantity.h"
#include "policy/reason.h"
#include "storage/writer.h"

static struct db db;
static struct writer *writer;

static int
setup(void **state)
{
	enum db_status status;

	if (helper_setup(state) != 0 || db_open(&db, helper_path) != DB_OK)
		return -1;
	writer = writer_open(&db, &helper_config, &status);
	return writer != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	writer_close(writer);
	db_close(&db);
	return helper_teardown(state);
}

static void
add(const struct message *message)
{
	assert_int_equal(writer_add(writer, message), DB_OK);
}

static void
write_all(const struct message *message)
{
	add(message);
	assert_int_equal(writer_commit(writer), DB_OK);
}

static struct message_txn
txn_template(void)
{
	return (struct message_txn){
		.wall_us = 1760000000123456,
		.duration_us = 4321,
		.true_w = -1500,
		.shown_w = -1200,
		.offset_w = 300,
		.sample_age_ms = 80,
		.line = 1,
		.side = TXN_INVERTER,
		.outcome = TXN_OK,
		.reason = REASON_MANUAL,
		.unit = 3,
		.function = 4,
		.address = 65535,
		.count = 2,
		.request_length = 3,
		.response_length = 2,
		.request = { 1, 2, 0xff },
		.response = { 0xab, 0 },
	};
}

/* time_us line side unit function address count request response duration_us
 * outcome true_w shown_w offset_w reason sample_age_ms */
static void
each_kind_of_transaction_is_one_row(void **state)
{
	static const struct {
		const char *rule;
		uint8_t line, side, outcome, reason;
		uint16_t request_length, response_length;
		int32_t age_ms;
		const char *row;
	} rows[] = {
		{ "answered", 1, TXN_INVERTER, TXN_OK, REASON_MANUAL, 3, 2, 80,
		    "inv1|inverter|3|4|65535|2|0102ff|ab00|4321|ok|-1500|"
		    "-1200|300|manual|80" },
		{ "no sample: no values", 1, TXN_INVERTER, TXN_SILENT,
		    REASON_NO_SAMPLE, 3, 0, -1,
		    "inv1|inverter|3|4|65535|2|0102ff|-|-|silent|-|-|-|"
		    "no_sample|-" },
		{ "stale: the age is told", 1, TXN_INVERTER, TXN_SILENT,
		    REASON_STALE, 3, 0, 2000,
		    "inv1|inverter|3|4|65535|2|0102ff|-|-|silent|-1500|-1200|"
		    "300|stale|2000" },
		{ "meter: nothing shown", 0, TXN_METER, TXN_OK, REASON_MANUAL,
		    3, 2, 80,
		    "meter|meter|3|4|65535|2|0102ff|ab00|4321|ok|-|-|-|-|-" },
		{ "no reply", 0, TXN_METER, TXN_TIMEOUT, 0, 3, 0, -1,
		    "meter|meter|3|4|65535|2|0102ff|-|-|timeout|-|-|-|-|-" },
		{ "noise", 0, TXN_METER, TXN_BROKEN, 0, 0, 2, -1,
		    "meter|meter|3|4|65535|2|-|ab00|4321|broken|-|-|-|-|-" },
		{ "unknown line and reason", 7, TXN_INVERTER, TXN_FOREIGN, 200,
		    3, 0, -1,
		    "-|inverter|3|4|65535|2|0102ff|-|-|foreign|-|-|-|-|-" },
	};
	char sql[64], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message message;
		struct message_txn *txn = &message.body.txn;

		message_init(&message, MESSAGE_TXN);
		*txn = txn_template();
		txn->line = rows[i].line;
		txn->side = rows[i].side;
		txn->outcome = rows[i].outcome;
		txn->reason = rows[i].reason;
		txn->request_length = rows[i].request_length;
		txn->response_length = rows[i].response_length;
		txn->sample_age_ms = rows[i].age_ms;
		write_all(&message);
		snprintf(sql, sizeof(sql), "SELECT * FROM txn WHERE id = %zu",
		    i + 1);
		snprintf(expected, sizeof(expected), "%zu|1760000000123456|%s",
		    i + 1, rows[i].row);
		print_message("%s\n", rows[i].rule);
		assert_rows(sql, expected);
	}
}

static void
a_frame_of_full_length_is_kept_whole(void **state)
{
	struct message message;
	struct message_txn *txn = &message.body.txn;

	(void)state;
	message_init(&message, MESSAGE_TXN);
	*txn = txn_template();
	memset(txn->response, 0x5a, sizeof(txn->response));
	txn->response_length = sizeof(txn->response);
	write_all(&message);
	assert_rows("SELECT length(response), replace(hex(response), '5A', '')"
		    " FROM txn",
	    "256|");
}

static void
every_outcome_and_reason_has_its_name(void **state)
{
	struct message message;

	(void)state;
	for (unsigned i = 0; i < TXN_OUTCOME_COUNT; i++) {
		message_init(&message, MESSAGE_TXN);
		message.body.txn = txn_template();
		message.body.txn.outcome = (uint8_t)i;
		message.body.txn.reason = (uint8_t)i;
		write_all(&message);
		assert_string_equal(
		    helper_query(helper_path,
			"SELECT outcome FROM txn ORDER BY id DESC LIMIT 1"),
		    message_outcome_name(i));
		assert_string_equal(
		    helper_query(helper_path,
			"SELECT reason FROM txn ORDER BY id DESC LIMIT 1"),
		    reason_name(i));
	}
}

static void
put_reading(
    struct message *message, bool shown, unsigned subject, int64_t wall_us)
{
	message_init(message, MESSAGE_READING);
	message->body.reading.wall_us = wall_us;
	message->body.reading.shown = shown;
	message->body.reading.subject = subject;
}

static void
put_value(struct message *message, enum quantity quantity, double value)
{
	message->body.reading.known |= UINT64_C(1) << quantity;
	message->body.reading.value[quantity] = value;
}

static void
every_quantity_is_kept_under_its_name(void **state)
{
	struct message message;
	char expected[128];

	(void)state;
	for (unsigned q = 0; q <= QUANTITY_OFFSET; q++) {
		put_reading(&message, false, 0, 1000 + q);
		put_value(&message, q, q + 0.25);
		write_all(&message);
		snprintf(expected, sizeof(expected), "%u|grid|%s|%.2f",
		    1000 + q, quantity_name(q), q + 0.25);
		assert_rows("SELECT * FROM reading ORDER BY time_us DESC"
			    " LIMIT 1",
		    expected);
	}
	assert_int_equal(
	    helper_number("SELECT count(*) FROM reading"), QUANTITY_OFFSET + 1);
}

static void
only_known_values_of_known_subjects_are_kept(void **state)
{
	struct message message;

	(void)state;
	put_reading(&message, true, 0, 5);
	put_value(&message, QUANTITY_OFFSET, -0.5);
	put_value(&message, QUANTITY_VOLTAGE, 230.125);
	message.body.reading.value[QUANTITY_CURRENT] = 9; /* not known */
	message.body.reading.known |= UINT64_C(1) << 47;
	write_all(&message);
	put_reading(&message, false, 9, 6); /* no such device */
	put_value(&message, QUANTITY_VOLTAGE, 1);
	write_all(&message);
	put_reading(&message, true, 400, 6);
	write_all(&message);
	assert_rows("SELECT * FROM reading ORDER BY quantity",
	    "5|solis-meter|offset|-0.5\n5|solis-meter|voltage|230.125");
	assert_rows("SELECT count(*) FROM sample", "1");
}

static void
samples_of_one_microsecond_are_merged(void **state)
{
	struct message message;

	(void)state;
	put_reading(&message, false, 1, 5);
	put_value(&message, QUANTITY_VOLTAGE, 230);
	put_value(&message, QUANTITY_FREQUENCY, 50);
	add(&message);
	put_reading(&message, false, 1, 5);
	put_value(&message, QUANTITY_FREQUENCY, 51);
	put_value(&message, QUANTITY_PV_POWER, 2);
	write_all(&message);
	assert_rows("SELECT quantity, value FROM reading ORDER BY 1",
	    "frequency|51.0\npv_power|2.0\nvoltage|230.0");
}

static void
events_settings_and_gaps_are_rows(void **state)
{
	struct message message;

	(void)state;
	message_init(&message, MESSAGE_EVENT);
	message.body.event = (struct message_event){ .wall_us = 11,
		.level = LOG_LEVEL_WARNING,
		.subject = "meter grid",
		.text = "it's stale; 1.2 s" };
	add(&message);
	message_init(&message, MESSAGE_GAP);
	message.body.gap =
	    (struct message_gap){ .from_wall_us = 1760000000000000,
		    .to_wall_us = 1760000001000000,
		    .dropped = 42 };
	add(&message);
	message_init(&message, MESSAGE_SETTING);
	message.body.setting = (struct message_setting){ .wall_us = 12,
		.key = "offset_w",
		.value = "500 W for 60 s",
		.subject = "solis-meter",
		.owner = "web" };
	write_all(&message);
	assert_rows("SELECT * FROM event",
	    "1|11|warning|meter grid|it's stale; 1.2 s\n"
	    "2|1760000001000000|warning|proxy|gap, 42 records lost from"
	    " 2025-10-09 08:53:20 to 2025-10-09 08:53:21 UTC: the writer did"
	    " not keep up");
	assert_rows("SELECT * FROM setting",
	    "1|12|solis-meter|offset_w|500 W for 60 s|web");
}

static void
other_messages_leave_no_row(void **state)
{
	static const enum message_type types[] = { MESSAGE_ALIVE, MESSAGE_LOG,
		MESSAGE_LEASE, MESSAGE_SNAPSHOT, MESSAGE_OFFSET,
		MESSAGE_RESULT };
	struct message message;

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		message_init(&message, types[i]);
		add(&message);
	}
	assert_int_equal(writer_pending(writer), 0);
}

static void
rows_show_after_the_commit_and_not_before(void **state)
{
	(void)state;
	assert_int_equal(writer_commit(writer), DB_OK);
	for (uint32_t i = 1; i <= 5; i++) {
		assert_int_equal(
		    writer_event(writer, LOG_LEVEL_INFO, "n %u", i), DB_OK);
		assert_int_equal(writer_pending(writer), i);
	}
	assert_rows("SELECT count(*) FROM event", "0");
	assert_int_equal(writer_commit(writer), DB_OK);
	assert_int_equal(writer_pending(writer), 0);
	assert_rows("SELECT level, subject, text FROM event WHERE id = 5",
	    "info|storage|n 5");
}

static void
names_are_entered_once(void **state)
{
	long count;
	enum db_status status;

	(void)state;
	count = helper_number("SELECT count(*) FROM name");
	writer_close(writer);
	writer = writer_open(&db, &helper_config, &status);
	assert_non_null(writer);
	assert_int_equal(helper_number("SELECT count(*) FROM name"), count);
	assert_int_equal(helper_number("SELECT max(id) FROM name"), count);
}

static void
the_views_answer_the_common_questions(void **state)
{
	struct message message;

	(void)state;
	for (int i = 0; i < 4; i++) {
		put_reading(
		    &message, false, 0, 1760000000000000 + i * 20000000);
		put_value(&message, QUANTITY_ACTIVE_POWER, 100 * i);
		add(&message);
	}
	message_init(&message, MESSAGE_TXN);
	message.body.txn = txn_template();
	add(&message);
	message.body.txn.outcome = TXN_LATE;
	write_all(&message);
	assert_rows("SELECT * FROM power_minute",
	    "2025-10-09 08:53:00|grid|50.0|0.0|100.0|2\n"
	    "2025-10-09 08:54:00|grid|250.0|200.0|300.0|2");
	assert_rows("SELECT utc, shown_w, true_w, response FROM inverter_saw"
		    " WHERE outcome = 'ok'",
	    "2025-10-09 08:53:20.123|-1200|-1500|AB00");
	assert_rows("SELECT utc, subject, text FROM fault",
	    "2025-10-09 08:53:20.123|inv1|inverter late: unit 3 function 4"
	    " address 65535 count 2");
}

/* Says what a row costs; fails only when it is far off. */
static void
ten_thousand_messages_a_second(void **state)
{
	enum { COUNT = 50000 };
	struct message txn, reading;
	struct mono start = clock_now();
	double seconds;

	(void)state;
	message_init(&txn, MESSAGE_TXN);
	txn.body.txn = txn_template();
	txn.body.txn.request_length = 8;
	txn.body.txn.response_length = 69;
	put_reading(&reading, false, 0, 0);
	for (unsigned q = 0; q < 12; q++)
		put_value(&reading, q, q * 1.1);
	for (int i = 0; i < COUNT / 2; i++) {
		txn.body.txn.wall_us += 20000;
		reading.body.reading.wall_us = txn.body.txn.wall_us;
		add(&txn);
		add(&reading);
		if (i % 1000 == 999)
			assert_int_equal(writer_commit(writer), DB_OK);
	}
	assert_int_equal(writer_commit(writer), DB_OK);
	seconds = (double)mono_diff_us(clock_now(), start) / 1e6;
	assert_int_equal(helper_number("SELECT count(*) FROM txn"), COUNT / 2);
	print_message("%d messages in %.2f s: %.0f a second, %.1f bytes each\n",
	    COUNT, seconds, COUNT / seconds,
	    (double)(helper_number("PRAGMA page_count") * 4096) / COUNT);
	assert_true(seconds < 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind_of_transaction_is_one_row),
		TEST(a_frame_of_full_length_is_kept_whole),
		TEST(every_outcome_and_reason_has_its_name),
		TEST(every_quantity_is_kept_under_its_name),
		TEST(only_known_values_of_known_subjects_are_kept),
		TEST(samples_of_one_microsecond_are_merged),
		TEST(events_settings_and_gaps_are_rows),
		TEST(other_messages_leave_no_row),
		TEST(rows_show_after_the_commit_and_not_before),
		TEST(names_are_entered_once),
		TEST(the_views_answer_the_common_questions),
		TEST(ten_thousand_messages_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
