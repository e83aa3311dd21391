/* SPDX-License-Identifier: MIT */
/* What of the counters reaches the web process, and when; in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/report.h"

enum { UPDATES = 64, TICK_MS = 100 };

static struct report report;
static struct line meter, inverter;
static struct outbox updates;
static struct mono now;
static int pair[2];
static unsigned got[MESSAGE_TYPE_END]; /* messages, by type */
static struct message_line last_line[CONFIG_LINES_MAX];
static uint64_t asked_times[MESSAGE_ASKED_MAX];

static int
set_up(void **state)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_true(outbox_init(&updates, pair[0], UPDATES, false));
	now = (struct mono){ 5000000 };
	memset(&meter, 0, sizeof(meter));
	memset(&inverter, 0, sizeof(inverter));
	memset(got, 0, sizeof(got));
	memset(asked_times, 0, sizeof(asked_times));
	report_init(&report, now);
	report_watch(&report, 0, &meter);
	report_watch(&report, 1, &inverter);
	return 0;
}

static int
tear_down(void **state)
{
	outbox_free(&updates);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void
take(const struct message *message)
{
	got[message->type]++;
	if (message->type == MESSAGE_LINE)
		last_line[message->body.line.line] = message->body.line;
	else if (message->type == MESSAGE_ASKED)
		asked_times[message->body.asked.slot] =
		    message->body.asked.times;
}

/* One tick; the most that may come of it, web reading all the while. */
static unsigned
tick(void)
{
	struct message message;
	unsigned count = 0;

	report_tick(&report, &updates, now);
	assert_true(outbox_flush(&updates));
	for (; message_receive(pair[1], &message) == MESSAGE_DONE; count++)
		take(&message);
	now = mono_add_ms(now, TICK_MS);
	return count;
}

static void
ask(unsigned address)
{
	struct pdu_request request = { 3, (uint16_t)address, 1 };

	asked_note(&report.lines[1].asked, 1, &request, ASKED_OK, 0, now);
}

static void
each_line_speaks_every_second(void **state)
{
	for (int i = 0; i < 50; i++)
		tick();
	assert_int_equal(got[MESSAGE_LINE], 2 * 5);
	assert_int_equal(got[MESSAGE_UNIT] + got[MESSAGE_ASKED], 0);
}

static void
a_line_tells_what_it_and_its_framer_count(void **state)
{
	inverter.fd = -1;
	meter.fd = 7;
	meter.opened = 3;
	meter.rtu.frames = 10;
	meter.rtu.broken = 11;
	meter.rtu.dropped = 12;
	meter.rtu.passed = 13;
	tally_count(&report.lines[0].tally, 1, TALLY_TIMEOUT);
	tally_reply_us(&report.lines[0].tally, TALLY_DEVICE, 60);
	tick();
	assert_int_equal(last_line[0].up, 1);
	assert_int_equal(last_line[1].up, 0);
	assert_int_equal(last_line[0].count[TALLY_REOPENED], 2);
	assert_int_equal(last_line[1].count[TALLY_REOPENED], 0);
	assert_int_equal(last_line[0].count[TALLY_MESSAGE], 10);
	assert_int_equal(last_line[0].count[TALLY_CRC_ERROR], 11);
	assert_int_equal(last_line[0].count[TALLY_DROPPED_BYTE], 12);
	assert_int_equal(last_line[0].count[TALLY_PASSED_BYTE], 13);
	assert_int_equal(last_line[0].count[TALLY_TIMEOUT], 1);
	assert_int_equal(last_line[0].reply[TALLY_DEVICE].sum_us, 60);
	assert_int_equal(last_line[0].since_us, 5000000);
	assert_int_equal(got[MESSAGE_UNIT], 2); /* new, and said again */
}

static void
a_full_table_comes_a_few_a_tick_and_whole(void **state)
{
	for (unsigned i = 0; i < 200; i++)
		ask(i);
	assert_true(tick() <= 22);
	for (int i = 0; i < 7; i++)
		assert_true(tick() <= 22);
	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++)
		assert_int_equal(asked_times[i], 1);
	assert_int_equal(last_line[1].replaced, 200 - MESSAGE_ASKED_MAX);
}

static void
no_item_comes_more_often_than_every_second_for_its_changes(void **state)
{
	for (int i = 0; i < 100; i++) {
		ask(1);
		tick();
	}
	/* 10 for its changes; the rest is the saying again. */
	assert_in_range(got[MESSAGE_ASKED], 100, 111);
}

static void
what_has_not_changed_comes_once_a_tick_at_most(void **state)
{
	for (unsigned i = 0; i < 50; i++)
		ask(i);
	for (int i = 0; i < 10; i++)
		tick();
	for (int i = 0; i < 50; i++)
		assert_true(tick() <= 1 + 2);
}

static void
a_web_process_that_came_later_learns_it_all(void **state)
{
	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++)
		ask(i);
	for (int i = 0; i < 20; i++)
		tick();
	memset(asked_times, 0, sizeof(asked_times));
	for (int i = 0; i < MESSAGE_ASKED_MAX; i++)
		tick();
	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++)
		assert_int_equal(asked_times[i], 1);
}

/* Results of orders and states wait in the same ring. */
static void
a_reader_that_is_stuck_costs_nobody_his_place(void **state)
{
	for (int i = 0; i < 1000; i++) {
		ask((unsigned)i);
		report_tick(&report, &updates, now);
		outbox_flush(&updates);
		now = mono_add_ms(now, TICK_MS);
	}
	assert_true(updates.count < UPDATES / 2);
	assert_int_equal(updates.dropped, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_line_speaks_every_second),
		TEST(a_line_tells_what_it_and_its_framer_count),
		TEST(a_full_table_comes_a_few_a_tick_and_whole),
		TEST(
		    no_item_comes_more_often_than_every_second_for_its_changes),
		TEST(what_has_not_changed_comes_once_a_tick_at_most),
		TEST(a_web_process_that_came_later_learns_it_all),
		TEST(a_reader_that_is_stuck_costs_nobody_his_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
