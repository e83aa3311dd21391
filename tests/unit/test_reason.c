/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "policy/reason.h"

static void
every_reason_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *name = reason_name((enum reason)i);

		assert_non_null(name);
		assert_true(strlen(name) > 0);
		assert_int_equal(
		    strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(
			    name, reason_name((enum reason)k));
	}
}

static void
every_text_is_one_sentence_without_a_stop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *text = reason_text((enum reason)i);

		assert_non_null(text);
		assert_true(strlen(text) > 5 && strlen(text) < 80);
		assert_null(strpbrk(text, ".\n"));
		assert_true(text[0] >= 'a' && text[0] <= 'z');
	}
}

/* They are in the database, in the API and in people's scripts. */
static void
names_stay_what_they_are(void **state)
{
	(void)state;
	assert_string_equal(reason_name(REASON_TRANSPARENT), "transparent");
	assert_string_equal(reason_name(REASON_MANUAL), "manual");
	assert_string_equal(reason_name(REASON_RAMP), "ramp");
	assert_string_equal(reason_name(REASON_CLAMPED), "clamped");
	assert_string_equal(reason_name(REASON_EXPIRED), "expired");
	assert_string_equal(reason_name(REASON_MISSED), "missed");
	assert_string_equal(reason_name(REASON_STALE), "stale");
	assert_string_equal(reason_name(REASON_OUT_OF_RANGE), "out_of_range");
}

static void
outside_the_list_is_said(void **state)
{
	(void)state;
	assert_string_equal(reason_name(REASON_COUNT), "?");
	assert_string_equal(reason_text(REASON_COUNT), "?");
	assert_string_equal(reason_name((enum reason)1000), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_has_a_name_of_its_own),
		cmocka_unit_test(every_text_is_one_sentence_without_a_stop),
		cmocka_unit_test(names_stay_what_they_are),
		cmocka_unit_test(outside_the_list_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
