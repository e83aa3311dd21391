/* SPDX-License-Identifier: MIT */
/*
 * The asking side in virtual time, against a meter that may be late, silent,
 * double or wrong. The meter writes the number of the request into its
 * answer, so an answer taken for another request shows.
 */
#include "tests/unit/client_bench.h"

static void
the_first_fast_round_completes_a_sample(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	int requests = 0;

	bench_init(&bench, 1);
	while (!result.sample) {
		assert_true(until_sent(&bench, &result));
		result = answer(&bench, 30);
		assert_int_equal(result.verdict, CLIENT_ANSWERED);
		requests++;
		assert_true(requests < 10);
	}
	assert_int_equal(requests, 3); /* two slow, one fast */
	assert_int_equal(bench.request.address, 12);
	assert_int_equal(bench.devices[0].sample_at.us, bench.now.us);
}

static void
polls_keep_their_period(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	struct mono first = { 0 };
	int samples = 0;

	bench_init(&bench, 1);
	while (samples < 52) {
		assert_true(until_sent(&bench, &result));
		result = answer(&bench, 30);
		if (!result.sample)
			continue;
		if (samples++ == 1) /* the first one was early */
			first = bench.now;
	}
	assert_in_range(mono_diff_us(bench.now, first), 50 * POLL_MS * 990,
	    50 * POLL_MS * 1010);
}

static void
successive_reads_of_a_block_differ_in_length(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	uint16_t last = 0;

	bench_init(&bench, 1);
	for (int i = 0; i < 40; i++) {
		assert_true(until_sent(&bench, &result));
		if (bench.request.address == 12) {
			assert_int_not_equal(bench.request.count, last);
			last = bench.request.count;
		}
		answer(&bench, 30);
	}
}

static void
a_timeout_is_followed_by_a_quarantine(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	struct mono failed;
	uint8_t adu[256];
	size_t length;

	bench_init(&bench, 1);
	assert_true(until_sent(&bench, &result));
	length = answer_to(&bench.request, bench.asked, UNIT, adu);
	assert_false(until_sent(&bench, &result));
	failed = bench.now;
	/* Nothing is asked for as long as the timeout was. */
	assert_true(until_sent(&bench, &result));
	assert_true(mono_diff_us(bench.now, failed) >= 60000);
	/* The late answer now fits neither count nor turn. */
	result = client_frame(&bench.client, adu, length, bench.now);
	assert_int_equal(result.verdict, CLIENT_FOREIGN);
	assert_int_equal(bench.devices[0].counts.ok, 0);
}

static void
a_late_answer_ends_the_quarantine_and_is_not_taken(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	struct mono seen;

	bench_init(&bench, 1);
	assert_true(until_sent(&bench, &result));
	assert_false(until_sent(&bench, &result));
	result = answer(&bench, 5);
	assert_int_equal(result.verdict, CLIENT_FOREIGN);
	assert_int_equal(bench.devices[0].values.known, 0);
	seen = bench.now;
	assert_true(until_sent(&bench, &result));
	assert_true(mono_diff_us(bench.now, seen) < 10000);
}

/* What may come instead of the answer. */
static void
frames_that_answer_nothing_are_foreign(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	uint8_t adu[256];
	size_t length;

	bench_init(&bench, 1);
	assert_true(until_sent(&bench, &result));
	length = answer_to(&bench.request, 1, UNIT + 1, adu);
	result = client_frame(&bench.client, adu, length, bench.now);
	assert_int_equal(result.verdict, CLIENT_FOREIGN);
	answer_to(&bench.request, 1, UNIT, adu);
	adu[1] = 3;
	result = client_frame(&bench.client, adu, length, bench.now);
	assert_int_equal(result.verdict, CLIENT_FOREIGN);
	bench.request.count--;
	length = answer_to(&bench.request, 1, UNIT, adu);
	result = client_frame(&bench.client, adu, length, bench.now);
	assert_int_equal(result.verdict, CLIENT_FOREIGN);
	bench.request.count++;
	assert_int_equal(answer(&bench, 20).verdict, CLIENT_ANSWERED);
	/* And the same answer once more. */
	assert_int_equal(answer(&bench, 1).verdict, CLIENT_FOREIGN);
}

static void
a_refused_slow_block_is_done_without(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	uint8_t refusal[5] = { UNIT, 0x84, 2 };
	int refused = 0;

	bench_init(&bench, 1);
	for (int i = 0; i < 30; i++) {
		assert_true(until_sent(&bench, &result));
		if (bench.request.address != 40) {
			answer(&bench, 20);
			continue;
		}
		result = client_frame(&bench.client, refusal, 5, bench.now);
		assert_int_equal(result.verdict, CLIENT_REFUSED);
		assert_int_equal(result.exception, 2);
		refused++;
	}
	assert_int_equal(refused, 1);
	assert_true(mono_is_set(bench.devices[0].sample_at));
}

static void
a_slow_block_that_stays_silent_is_done_without(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };

	bench_init(&bench, 1);
	for (int i = 0; i < 40; i++) {
		if (until_sent(&bench, &result) && bench.request.address != 40)
			answer(&bench, 20);
	}
	assert_true(mono_is_set(bench.devices[0].sample_at));
	assert_true(
	    quantities_has(&bench.devices[0].values, QUANTITY_ACTIVE_POWER));
}

static void
a_dead_neighbour_costs_less_and_less(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	int good = 0, dead = 0;

	bench_init(&bench, 2);
	while (bench.now.us < 31 * INT64_C(1000000)) {
		if (!until_sent(&bench, &result))
			continue;
		if (bench.client.asked == &bench.devices[0]) {
			answer(&bench, 20);
			good++;
		} else {
			dead++;
		}
	}
	assert_true(dead < 25);
	assert_true(good > 200);
}

static void
attempts_refresh_no_age(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	struct mono sample;

	bench_init(&bench, 1);
	while (!result.sample) {
		assert_true(until_sent(&bench, &result));
		result = answer(&bench, 30);
	}
	sample = bench.devices[0].sample_at;
	for (int i = 0; i < 50; i++)
		(void)until_sent(&bench, &result);
	assert_int_equal(bench.devices[0].sample_at.us, sample.us);
	assert_true(bench.devices[0].missed > 10);
}

/* The quarantine after a poll is short, as the next poll has another length;
 * an errand may not have it. */
static void
what_looks_like_an_owed_answer_is_not_asked(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	struct errand errand = { .unit = UNIT };
	struct mono failed;

	bench_init(&bench, 1);
	while (!result.sample) {
		assert_true(until_sent(&bench, &result));
		result = answer(&bench, 30);
	}
	assert_true(until_sent(&bench, &result));
	while (!client_expire(&bench.client, bench.now).miss)
		bench.now = mono_add_ms(bench.now, 1);
	failed = bench.now;
	errand.length =
	    pdu_read_request(errand.pdu, 4, 40, bench.request.count);
	errand.deadline = mono_add_ms(bench.now, 5000);
	assert_true(client_carry(&bench.client, &errand));
	assert_true(until_sent(&bench, &result));
	assert_null(bench.client.errand); /* a poll of another length */
	while (bench.client.errand == NULL) {
		answer(&bench, 30);
		assert_true(until_sent(&bench, &result));
	}
	assert_in_range(mono_diff_us(bench.now, failed), 2000 * TIMEOUT_MS,
	    3000 * TIMEOUT_MS);
}

struct late {
	uint8_t adu[256];
	size_t length;
	struct mono at;
};

/* Those that come until then; what came while nobody waited is gone. */
static void
deliver_late(
    struct bench *bench, struct late *late, size_t *count, struct mono until)
{
	for (size_t i = 0; i < *count;) {
		struct client_result result;

		if (!mono_reached(until, late[i].at)) {
			i++;
			continue;
		}
		result = client_frame(
		    &bench->client, late[i].adu, late[i].length, late[i].at);
		assert_int_not_equal(result.verdict, CLIENT_ANSWERED);
		late[i] = late[--*count];
	}
}

static void
drop_earlier(struct late *late, size_t *count, struct mono now)
{
	for (size_t i = 0; i < *count;) {
		if (mono_reached(now, late[i].at))
			late[i] = late[--*count];
		else
			i++;
	}
}

/* Late, lost and doubled answers in any order: what is taken was always asked
 * for by the request under way. A device may take twice its timeout more. */
static void
no_answer_is_ever_taken_for_another(void **state)
{
	struct bench bench;
	struct client_result result = { 0 };
	struct late late[64];
	size_t count = 0;
	int taken = 0, held = 0;

	srandom(7);
	bench_init(&bench, 1);
	for (int round = 0; round < 20000; round++) {
		uint8_t adu[256];
		size_t length;
		struct mono at;

		if (!until_sent(&bench, &result))
			continue;
		drop_earlier(late, &count, bench.now);
		length = answer_to(&bench.request, bench.asked, UNIT, adu);
		at = mono_add_ms(
		    bench.now, random() % 4 == 0 ? random() % 115 : 20);
		if (random() % 3 == 0 && count < 64) {
			memcpy(late[count].adu, adu, length);
			late[count].length = length;
			late[count++].at =
			    mono_add_ms(bench.now, 60 + random() % 420);
			held++;
			continue;
		}
		deliver_late(&bench, late, &count, at);
		bench.now = at;
		client_heard(&bench.client);
		result = client_expire(&bench.client, bench.now);
		if (result.verdict == CLIENT_FAILED)
			continue;
		result = client_frame(&bench.client, adu, length, bench.now);
		if (result.verdict != CLIENT_ANSWERED)
			continue;
		assert_int_equal(pdu_get_u16(adu + 3), bench.asked);
		taken++;
	}
	assert_true(taken > 5000);
	assert_true(held > 3000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_fast_round_completes_a_sample),
		cmocka_unit_test(polls_keep_their_period),
		cmocka_unit_test(successive_reads_of_a_block_differ_in_length),
		cmocka_unit_test(a_timeout_is_followed_by_a_quarantine),
		cmocka_unit_test(
		    a_late_answer_ends_the_quarantine_and_is_not_taken),
		cmocka_unit_test(frames_that_answer_nothing_are_foreign),
		cmocka_unit_test(a_refused_slow_block_is_done_without),
		cmocka_unit_test(
		    a_slow_block_that_stays_silent_is_done_without),
		cmocka_unit_test(a_dead_neighbour_costs_less_and_less),
		cmocka_unit_test(attempts_refresh_no_age),
		cmocka_unit_test(what_looks_like_an_owed_answer_is_not_asked),
		cmocka_unit_test(no_answer_is_ever_taken_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
