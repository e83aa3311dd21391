/* SPDX-License-Identifier: MIT */
/* Counters of a line and its units, against plain arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proxy/tally.h"
#include "tests/unit/draw.h"

static void
every_event_has_a_name_of_its_own(void **state)
{
	for (int a = 0; a < TALLY_EVENTS; a++) {
		const char *name = message_tally_name((enum tally_event)a);

		assert_non_null(name);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(
			    name, message_tally_name((enum tally_event)b));
	}
	assert_string_equal(message_tally_name(TALLY_EVENTS), "?");
	assert_string_equal(message_reply_name(TALLY_REPLIES), "?");
	assert_string_equal(message_asked_name(ASKED_ANSWER_COUNT), "?");
}

/* An outcome that was forgotten in the table would be one of these. */
static void
no_outcome_counts_as_a_request(void **state)
{
	for (int i = 0; i < TXN_OUTCOME_COUNT; i++) {
		struct tally tally = { 0 };
		uint64_t sum = 0;

		tally_outcome(&tally, 7, (enum txn_outcome)i);
		for (int k = 0; k < TALLY_EVENTS; k++)
			sum += tally.count[k];
		assert_int_equal(sum, 1);
		assert_int_equal(tally.count[TALLY_REQUEST], 0);
		assert_int_equal(tally.count[TALLY_OK], i == TXN_OK);
		assert_int_equal(tally.units[0].unit, 7);
	}
}

static void
what_is_no_units_is_counted_on_the_line_alone(void **state)
{
	struct tally tally = { 0 };

	tally_count(&tally, 9, TALLY_CRC_ERROR);
	assert_int_equal(tally.count[TALLY_CRC_ERROR], 1);
	assert_false(tally.units[0].used);
}

static void
replies_are_timed_apart(void **state)
{
	struct tally tally = { 0 };

	tally_reply_us(&tally, TALLY_OURS, 4000);
	tally_reply_us(&tally, TALLY_DEVICE, 90000);
	tally_reply_us(&tally, TALLY_DEVICE, 90000);
	assert_int_equal(tally.reply[TALLY_OURS].sum_us, 4000);
	assert_int_equal(tally.reply[TALLY_DEVICE].sum_us, 180000);
}

/* The naive model: counters of all 256 units, and the order they came in. */
struct model {
	uint64_t line[TALLY_EVENTS];
	uint64_t unit[256][TALLY_UNIT_EVENTS];
	uint8_t order[256];
	unsigned seen;
	bool known[256];
};

static void
model_count(struct model *model, uint8_t unit, enum tally_event event)
{
	model->line[event]++;
	if (event >= TALLY_UNIT_EVENTS)
		return;
	model->unit[unit][event]++;
	if (!model->known[unit])
		model->order[model->seen++] = unit;
	model->known[unit] = true;
}

static void
compare(const struct tally *tally, const struct model *model)
{
	uint64_t rest[TALLY_UNIT_EVENTS] = { 0 };

	assert_memory_equal(tally->count, model->line, sizeof(model->line));
	for (unsigned i = 0; i < model->seen; i++) {
		const uint64_t *count = model->unit[model->order[i]];

		for (int k = 0; k < TALLY_UNIT_EVENTS; k++)
			rest[k] += i < MESSAGE_UNITS - 1 ? 0 : count[k];
		if (i >= MESSAGE_UNITS - 1)
			continue;
		assert_true(tally->units[i].used && tally->units[i].changed);
		assert_int_equal(tally->units[i].unit, model->order[i]);
		assert_memory_equal(tally->units[i].count, count, sizeof(rest));
	}
	assert_memory_equal(
	    tally->units[MESSAGE_UNITS - 1].count, rest, sizeof(rest));
	assert_int_equal(tally->units[MESSAGE_UNITS - 1].used,
	    model->seen > MESSAGE_UNITS - 1);
}

static void
counts_are_those_of_plain_arrays(void **state)
{
	static struct model model;
	uint64_t seed = 2;

	for (int round = 0; round < 60; round++) {
		struct tally tally = { 0 };
		unsigned units = 1 + draw_below(&seed, 40);

		memset(&model, 0, sizeof(model));
		for (int i = 0; i < 1000; i++) {
			uint8_t unit = (uint8_t)(draw_below(&seed, units) * 6);
			enum tally_event event =
			    (enum tally_event)draw_below(&seed, TALLY_EVENTS);

			tally_count(&tally, unit, event);
			model_count(&model, unit, event);
		}
		compare(&tally, &model);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_name_of_its_own),
		cmocka_unit_test(no_outcome_counts_as_a_request),
		cmocka_unit_test(what_is_no_units_is_counted_on_the_line_alone),
		cmocka_unit_test(replies_are_timed_apart),
		cmocka_unit_test(counts_are_those_of_plain_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
