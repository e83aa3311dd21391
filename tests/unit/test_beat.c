/* SPDX-License-Identifier: MIT */
/* Polls in time with the inverter's questions, in virtual time. */
#include "tests/unit/client_bench.h"

/* An inverter that asks in a beat, and what it finds. */
struct asker {
	struct beat beat;
	const struct config_device *config; /* NULL: the bench's */
	struct mono next;
	int64_t period_us;
	int64_t jitter_us;
	int64_t ages_us[512];
	int count;
};

static void
ask_until(struct asker *asker, const struct bench *bench, struct mono until)
{
	while (mono_reached(until, asker->next) && asker->count < 512) {
		asker->ages_us[asker->count++] =
		    mono_diff_us(asker->next, bench->devices[0].sample_at);
		beat_note(&asker->beat, asker->next);
		asker->next = mono_add_us(asker->next, asker->period_us);
		if (asker->jitter_us > 0)
			asker->next = mono_add_us(asker->next,
			    random() % asker->jitter_us - asker->jitter_us / 2);
	}
}

/* Lets a minute pass; how many samples the meter gave. */
static int
live(struct bench *bench, struct asker *asker)
{
	struct client_result result = { 0 };
	struct mono end;
	int samples = 0;

	bench_init(bench, 1);
	bench->devices[0].beat = &asker->beat;
	if (asker->config != NULL)
		bench->devices[0].config = asker->config;
	asker->next = mono_add_ms(bench->now, 700);
	end = mono_add_ms(bench->now, 60000);
	while (!mono_reached(bench->now, end)) {
		int64_t ms;

		assert_true(until_sent(bench, &result));
		ms = 20 + rtu_wire_us(
			      9600, 10, 13 + 2 * (size_t)bench->request.count) /
		              1000;
		ask_until(asker, bench, mono_add_ms(bench->now, ms));
		samples += answer(bench, ms).sample;
	}
	return samples;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
settled_age_us(struct asker *asker, double part)
{
	int first = 10, count = asker->count - first;

	assert_true(count > 10);
	qsort(asker->ages_us + first, (size_t)count, sizeof(int64_t), by_size);
	return asker->ages_us[first + (int)(part * (count - 1))];
}

static void
polls_end_just_before_a_steady_question(void **state)
{
	static const int64_t periods_ms[] = { 90, 150, 260, 300, 500, 1000,
		1013, 2000 };
	struct bench bench;

	for (size_t i = 0; i < sizeof(periods_ms) / sizeof(periods_ms[0]);
	     i++) {
		struct asker asker = { .period_us = periods_ms[i] * 1000 };
		int samples = live(&bench, &asker);

		if (periods_ms[i] >= 260)
			assert_in_range(settled_age_us(&asker, 0.5), 1, 20000);
		assert_true(settled_age_us(&asker, 1.0) < 450000);
		/* And not at the cost of the polls between. */
		assert_in_range(
		    samples, 60000 / POLL_MS / 2, 60000 / POLL_MS * 3 / 2);
	}
}

static void
a_jittery_beat_is_met_with_more_in_hand(void **state)
{
	struct asker asker = { .period_us = 500000, .jitter_us = 16000 };
	struct bench bench;

	srandom(3);
	live(&bench, &asker);
	assert_in_range(settled_age_us(&asker, 0.5), 1, 40000);
}

/* Where the polls fill the line. */
static void
slow_reads_stand_in_no_question_s_way(void **state)
{
	static const int64_t periods_ms[] = { 200, 300, 500, 700, 1000, 1013,
		2000 };
	struct config_device greedy = config;
	struct bench bench;

	greedy.poll_ms = 20;
	for (size_t i = 0; i < sizeof(periods_ms) / sizeof(periods_ms[0]);
	     i++) {
		struct asker asker = { .period_us = periods_ms[i] * 1000,
			.config = &greedy };

		live(&bench, &asker);
		assert_in_range(settled_age_us(&asker, 0.97), 1, 25000);
	}
}

static void
without_a_beat_polls_are_steady(void **state)
{
	struct asker asker = { .period_us = 600000, .jitter_us = 1000000 };
	struct bench bench;

	srandom(4);
	assert_in_range(
	    live(&bench, &asker), 60000 / POLL_MS - 40, 60000 / POLL_MS + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(polls_end_just_before_a_steady_question),
		cmocka_unit_test(a_jittery_beat_is_met_with_more_in_hand),
		cmocka_unit_test(slow_reads_stand_in_no_question_s_way),
		cmocka_unit_test(without_a_beat_polls_are_steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
