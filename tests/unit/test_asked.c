/* SPDX-License-Identifier: MIT */
/* The table of questions, against a list that forgets nothing by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxy/asked.h"
#include "tests/unit/draw.h"

static const struct pdu_request power = { 3, 0, 65 };

static const struct asked_entry *
find(const struct asked *asked, uint8_t unit, const struct pdu_request *request)
{
	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++) {
		const struct asked_entry *entry = &asked->entries[i];

		if (entry->times > 0 && entry->unit == unit &&
		    entry->request.function == request->function &&
		    entry->request.address == request->address &&
		    entry->request.count == request->count)
			return entry;
	}
	return NULL;
}

static void
questions_that_differ_in_anything_are_apart(void **state)
{
	static const struct {
		const char *rule;
		uint8_t unit;
		struct pdu_request request;
	} rows[] = {
		{ "one", 1, { 3, 0, 65 } },
		{ "another unit", 2, { 3, 0, 65 } },
		{ "another function", 1, { 4, 0, 65 } },
		{ "another address", 1, { 3, 256, 65 } },
		{ "another count", 1, { 3, 0, 64 } },
		{ "nothing but zeros", 0, { 0, 0, 0 } },
	};
	static struct asked asked;
	struct mono at = { 5 };

	memset(&asked, 0, sizeof(asked));
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].rule);
		asked_note(
		    &asked, rows[i].unit, &rows[i].request, ASKED_OK, 0, at);
		assert_int_equal(asked.entries[i].times, 1);
		assert_int_equal(asked.entries[i].interval_us, 0);
		assert_true(asked.entries[i].changed);
	}
	assert_int_equal(asked.replaced, 0);
}

static void
the_last_answer_is_what_stands(void **state)
{
	static struct asked asked;
	const struct asked_entry *entry = &asked.entries[0];

	memset(&asked, 0, sizeof(asked));
	asked_note(&asked, 1, &power, ASKED_SILENT, 0, (struct mono){ 1000 });
	asked_note(
	    &asked, 1, &power, ASKED_EXCEPTION, 2, (struct mono){ 2000 });
	assert_int_equal(entry->answer, ASKED_EXCEPTION);
	assert_int_equal(entry->exception, 2);
	asked_note(&asked, 1, &power, ASKED_OK, 2, (struct mono){ 3000 });
	assert_int_equal(entry->answer, ASKED_OK);
	assert_int_equal(entry->exception, 0);
	assert_int_equal(entry->times, 3);
	assert_int_equal(entry->last.us, 3000);
}

static void
a_steady_beat_is_its_interval_and_a_new_one_is_learnt(void **state)
{
	static struct asked asked;
	struct mono at = { 1000000 };

	memset(&asked, 0, sizeof(asked));
	for (int i = 0; i < 5; i++)
		asked_note(&asked, 1, &power, ASKED_OK, 0,
		    at = mono_add_us(at, 1000000));
	assert_int_equal(asked.entries[0].interval_us, 1000000);
	for (int i = 0; i < 60; i++)
		asked_note(&asked, 1, &power, ASKED_OK, 0,
		    at = mono_add_us(at, 200000));
	assert_in_range(asked.entries[0].interval_us, 199000, 201000);
	/* Two at once are still an interval, not "seen once". */
	asked_note(&asked, 2, &power, ASKED_OK, 0, at);
	asked_note(&asked, 2, &power, ASKED_OK, 0, at);
	assert_int_equal(asked.entries[1].interval_us, 1);
}

static void
only_ok_means_ok(void **state)
{
	for (int i = 0; i < TXN_OUTCOME_COUNT; i++)
		assert_int_equal(
		    asked_answer_of((enum txn_outcome)i) == ASKED_OK,
		    i == TXN_OK);
}

/* The naive model: one slot for every question there can be, and a search for
 * the oldest of those that are held. */
enum { KINDS = 200 };

struct model {
	bool held[KINDS];
	uint64_t times[KINDS];
	int64_t last_us[KINDS];
	int64_t shortest_us[KINDS], longest_us[KINDS];
	unsigned count;
	uint64_t replaced;
};

static void
model_replace(struct model *model)
{
	int oldest = -1;

	for (int i = 0; i < KINDS; i++) {
		if (model->held[i] &&
		    (oldest < 0 || model->last_us[i] < model->last_us[oldest]))
			oldest = i;
	}
	model->held[oldest] = false;
	model->count--;
	model->replaced++;
}

static void
model_note(struct model *model, unsigned kind, struct mono at)
{
	int64_t us = at.us - model->last_us[kind];

	if (!model->held[kind]) {
		if (model->count == MESSAGE_ASKED_MAX)
			model_replace(model);
		model->held[kind] = true;
		model->count++;
		model->times[kind] = 0;
		model->shortest_us[kind] = INT64_MAX;
		model->longest_us[kind] = 0;
	} else {
		if (us < model->shortest_us[kind])
			model->shortest_us[kind] = us;
		if (us > model->longest_us[kind])
			model->longest_us[kind] = us;
	}
	model->times[kind]++;
	model->last_us[kind] = at.us;
}

static struct pdu_request
request_of(unsigned kind)
{
	return (struct pdu_request){ (uint8_t)(3 + kind % 2),
		(uint16_t)(kind / 2 % 10 * 100), (uint16_t)(1 + kind / 20) };
}

static void
compare(const struct asked *asked, const struct model *model)
{
	assert_int_equal(asked->replaced, model->replaced);
	for (unsigned kind = 0; kind < KINDS; kind++) {
		struct pdu_request request = request_of(kind);
		const struct asked_entry *entry = find(asked, 1, &request);

		assert_int_equal(entry != NULL, model->held[kind]);
		if (entry == NULL)
			continue;
		assert_int_equal(entry->times, model->times[kind]);
		assert_int_equal(entry->last.us, model->last_us[kind]);
		if (entry->times == 1)
			assert_int_equal(entry->interval_us, 0);
		else
			assert_in_range(entry->interval_us,
			    model->shortest_us[kind], model->longest_us[kind]);
	}
}

static void
the_least_recently_seen_makes_room(void **state)
{
	static struct asked asked;
	static struct model model;
	uint64_t seed = 3;

	for (int round = 0; round < 30; round++) {
		unsigned kinds = 1 + draw_below(&seed, KINDS);
		struct mono at = { 1000 };

		memset(&asked, 0, sizeof(asked));
		memset(&model, 0, sizeof(model));
		for (int i = 0; i < 2000; i++) {
			unsigned kind = draw_below(&seed, kinds);
			struct pdu_request request = request_of(kind);

			at = mono_add_us(at, 1 + draw_below(&seed, 500000));
			asked_note(&asked, 1, &request, ASKED_OK, 0, at);
			model_note(&model, kind, at);
		}
		compare(&asked, &model);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_that_differ_in_anything_are_apart),
		cmocka_unit_test(the_last_answer_is_what_stands),
		cmocka_unit_test(
		    a_steady_beat_is_its_interval_and_a_new_one_is_learnt),
		cmocka_unit_test(only_ok_means_ok),
		cmocka_unit_test(the_least_recently_seen_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
