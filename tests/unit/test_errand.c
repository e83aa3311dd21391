/* SPDX-License-Identifier: MIT */
/* Errands on a line with polls: who goes first, and what becomes of them. */
#include "tests/unit/client_bench.h"

struct end {
	unsigned count;
	enum errand_end how;
	uint8_t first; /* byte of the answer */
};

static void
note_end(struct errand *errand, enum errand_end how, const uint8_t *pdu,
    size_t length)
{
	struct end *end = errand->owner;

	end->count++;
	end->how = how;
	end->first = pdu != NULL && length > 0 ? pdu[0] : 0;
}

static void
errand_init(struct errand *errand, struct end *end, enum errand_rank rank,
    uint8_t unit, struct mono now)
{
	memset(errand, 0, sizeof(*errand));
	memset(end, 0, sizeof(*end));
	errand->rank = rank;
	errand->unit = unit;
	errand->length = pdu_read_request(errand->pdu, 3, 100, 2);
	errand->asked = now;
	errand->deadline = mono_add_ms(now, 1000);
	errand->done = note_end;
	errand->owner = end;
}

static void
answer_errand(struct bench *bench, struct client_result *result)
{
	static const uint8_t adu[] = { UNIT, 3, 4, 1, 2, 3, 4, 0, 0 };

	bench->now = mono_add_ms(bench->now, 20);
	client_heard(&bench->client);
	*result = client_frame(&bench->client, adu, sizeof(adu), bench->now);
}

/* Polls until the device's slow blocks are all known. */
static void
start(struct bench *bench)
{
	struct client_result result = { 0 };

	bench_init(bench, 1);
	for (int i = 0; i < 6; i++) {
		assert_true(until_sent(bench, &result));
		answer(bench, 40);
	}
}

static void
an_errand_is_asked_between_polls_and_ends_with_the_answer(void **state)
{
	struct client_result result = { 0 };
	struct errand errand;
	struct bench bench;
	struct end end;

	(void)state;
	start(&bench);
	errand_init(&errand, &end, ERRAND_INVERTER, UNIT, bench.now);
	assert_true(client_carry(&bench.client, &errand));
	assert_true(until_sent(&bench, &result));
	assert_ptr_equal(bench.client.errand, &errand);
	answer_errand(&bench, &result);
	assert_int_equal(result.verdict, CLIENT_ANSWERED);
	assert_ptr_equal(result.errand, &errand);
	assert_false(result.sample);
}

/* Whatever the line is full of, the meter's polls keep coming, and an
 * errand of the inverter waits for one of them at most. */
static void
meter_and_inverter_take_turns_on_a_full_line(void **state)
{
	unsigned polls = 0, inverter = 0, clients = 0;
	struct client_result result = { 0 };
	struct errand of_inverter, of_client;
	struct end end;
	struct bench bench;

	(void)state;
	start(&bench);
	errand_init(&of_inverter, &end, ERRAND_INVERTER, UNIT, bench.now);
	errand_init(&of_client, &end, ERRAND_CLIENT, UNIT, bench.now);
	client_carry(&bench.client, &of_inverter);
	client_carry(&bench.client, &of_client);
	for (int i = 0; i < 300; i++) {
		bench.devices[0].due = bench.now; /* always due */
		assert_true(until_sent(&bench, &result));
		if (bench.client.errand == NULL) {
			polls++;
			answer(&bench, 30);
			continue;
		}
		inverter += bench.client.errand == &of_inverter;
		clients += bench.client.errand == &of_client;
		answer_errand(&bench, &result);
		result.errand->asked = bench.now;
		client_carry(&bench.client, result.errand);
	}
	assert_in_range(polls, 145, 155);
	assert_in_range(inverter, 140, 155);
	/* The inverter's errands never end here; clients come last. */
	assert_in_range(clients, 0, 10);
}

static void
a_client_waits_for_room_but_not_for_ever(void **state)
{
	unsigned polls = 0, clients = 0;
	struct client_result result = { 0 };
	struct errand errand;
	struct end end;
	struct bench bench;

	(void)state;
	start(&bench);
	errand_init(&errand, &end, ERRAND_CLIENT, UNIT, bench.now);
	client_carry(&bench.client, &errand);
	for (int i = 0; i < 100; i++) {
		bench.devices[0].due = bench.now;
		assert_true(until_sent(&bench, &result));
		if (bench.client.errand == NULL) {
			polls++;
			answer(&bench, 30);
			continue;
		}
		clients++;
		answer_errand(&bench, &result);
		errand.asked = bench.now;
		client_carry(&bench.client, &errand);
	}
	assert_in_range(clients, 10, 50);
	assert_true(polls >= 50);
}

static void
a_timeout_ends_it_and_it_is_not_asked_again(void **state)
{
	struct client_result result = { 0 };
	struct errand errand;
	struct end end;
	struct bench bench;

	(void)state;
	start(&bench);
	errand_init(&errand, &end, ERRAND_INVERTER, UNIT, bench.now);
	client_carry(&bench.client, &errand);
	assert_true(until_sent(&bench, &result));
	assert_false(until_sent(&bench, &result));
	assert_int_equal(result.verdict, CLIENT_FAILED);
	assert_ptr_equal(result.errand, &errand);
	assert_false(result.miss);
	/* Its late answer belongs to nobody. */
	answer_errand(&bench, &result);
	assert_int_equal(result.verdict, CLIENT_FOREIGN);
	assert_null(result.errand);
	assert_true(until_sent(&bench, &result));
	assert_null(bench.client.errand);
}

static void
what_waited_too_long_or_for_the_dead_is_not_asked(void **state)
{
	enum errand_end how = ERRAND_ANSWERED;
	struct errand old, dead;
	struct end end;
	struct bench bench;

	(void)state;
	bench_init(&bench, 2);
	errand_init(&old, &end, ERRAND_CLIENT, 9, bench.now);
	client_carry(&bench.client, &old);
	assert_null(client_overdue(&bench.client, bench.now, &how));
	bench.now = mono_add_ms(bench.now, 1000);
	assert_ptr_equal(client_overdue(&bench.client, bench.now, &how), &old);
	assert_int_equal(how, ERRAND_EXPIRED);

	bench.devices[0].timeouts = 5;
	bench.devices[0].due = mono_add_ms(bench.now, 500);
	errand_init(&dead, &end, ERRAND_CLIENT, UNIT, bench.now);
	client_carry(&bench.client, &dead);
	assert_ptr_equal(client_overdue(&bench.client, bench.now, &how), &dead);
	assert_int_equal(how, ERRAND_TIMEOUT);
	assert_null(client_overdue(&bench.client, bench.now, &how));
}

static void
who_is_gone_is_forgotten(void **state)
{
	struct client_result result = { 0 };
	struct errand asked, waiting;
	struct end end;
	struct bench bench;

	(void)state;
	start(&bench);
	errand_init(&asked, &end, ERRAND_INVERTER, UNIT, bench.now);
	errand_init(&waiting, &end, ERRAND_INVERTER, UNIT, bench.now);
	client_carry(&bench.client, &asked);
	client_carry(&bench.client, &waiting);
	assert_true(until_sent(&bench, &result));
	client_forget(&bench.client, &asked);
	client_forget(&bench.client, &waiting);
	answer_errand(&bench, &result);
	assert_int_equal(result.verdict, CLIENT_ANSWERED);
	assert_null(result.errand);
	assert_null(client_drop(&bench.client));
}

static void
a_broadcast_is_over_when_sent_and_the_devices_get_time(void **state)
{
	struct errand errand;
	struct client_step step;
	struct end end;
	struct bench bench;

	(void)state;
	start(&bench);
	errand_init(&errand, &end, ERRAND_INVERTER, 0, bench.now);
	client_carry(&bench.client, &errand);
	bench.now = bench.client.exchange.pause;
	step = client_next(&bench.client, bench.now);
	assert_true(step.send);
	assert_int_equal(step.unit, 0);
	assert_ptr_equal(client_sent(&bench.client, &step, bench.now), &errand);
	step = client_next(&bench.client, bench.now);
	assert_false(step.send);
	assert_true(mono_diff_us(step.wake, bench.now) >= 100000);
}

/* One dead unit costs the live one next to it less than a tenth of its polls.
 */
static void
a_dead_unit_costs_its_neighbour_little(void **state)
{
	struct config_device dead = config, live = config;
	struct client_result result = { 0 };
	unsigned answered = 0;
	struct bench bench;
	struct mono end;

	(void)state;
	bench_init(&bench, 2);
	dead.unit = 9;
	live.unit = UNIT;
	bench.devices[0].config = &dead;
	bench.devices[1].config = &live;
	end = mono_add_ms(bench.now, 120 * 1000);
	while (!mono_reached(bench.now, end)) {
		if (!until_sent(&bench, &result))
			continue;
		if (bench.client.asked == &bench.devices[1]) {
			answer(&bench, 40);
			answered++;
		}
	}
	/* 5 polls a second, and slow reads besides. */
	assert_true(bench.devices[1].counts.ok >= answered);
	assert_true(bench.devices[1].missed == 0);
	assert_true(answered >= 120 * 5 * 9 / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_errand_is_asked_between_polls_and_ends_with_the_answer),
		cmocka_unit_test(meter_and_inverter_take_turns_on_a_full_line),
		cmocka_unit_test(a_client_waits_for_room_but_not_for_ever),
		cmocka_unit_test(a_timeout_ends_it_and_it_is_not_asked_again),
		cmocka_unit_test(
		    what_waited_too_long_or_for_the_dead_is_not_asked),
		cmocka_unit_test(who_is_gone_is_forgotten),
		cmocka_unit_test(
		    a_broadcast_is_over_when_sent_and_the_devices_get_time),
		cmocka_unit_test(a_dead_unit_costs_its_neighbour_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
