/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proxy/wakeup.h"

static struct mono
at_us(int64_t us)
{
	return (struct mono){ .us = us };
}

/* One wake-up on a machine that late; how early it had been set. */
static int64_t
wake(struct wakeup *wakeup, int64_t at, int64_t late_us)
{
	struct mono set = wakeup_set(wakeup, at_us(at), at_us(at - 4000));

	wakeup_fired(wakeup, mono_add_us(set, late_us));
	return mono_diff_us(at_us(at), set);
}

static void
what_is_always_late_is_set_earlier_by_that(void **state)
{
	struct wakeup wakeup = { 0 };
	int64_t early_us = 0;

	(void)state;
	for (int i = 1; i <= 100; i++)
		early_us = wake(&wakeup, i * 10000, 45);
	assert_in_range(early_us, 43, 47);
}

static void
one_that_was_less_late_is_believed_at_once(void **state)
{
	struct wakeup wakeup = { 0 };

	(void)state;
	for (int i = 1; i <= 100; i++)
		wake(&wakeup, i * 10000, 60);
	wake(&wakeup, 2000000, 11);
	assert_int_equal(wake(&wakeup, 3000000, 60), 11);
}

static void
never_earlier_than_the_limit(void **state)
{
	struct wakeup wakeup = { 0 };

	(void)state;
	for (int i = 1; i <= 10000; i++) {
		int64_t early_us = wake(&wakeup, i * 10000, random() % 5000);

		assert_in_range(early_us, 0, WAKEUP_EARLY_MAX_US);
	}
	for (int i = 1; i <= 1000; i++)
		wake(&wakeup, i * 10000, 100000);
	assert_int_equal(wake(&wakeup, 1, 0), WAKEUP_EARLY_MAX_US);
}

static void
what_fires_at_once_teaches_nothing(void **state)
{
	struct wakeup wakeup = { .early_us = 30 };

	(void)state;
	wakeup_set(&wakeup, at_us(1000), at_us(990));
	wakeup_fired(&wakeup, at_us(990));
	assert_int_equal(wakeup.early_us, 30);
	/* Nor what was not set, or fired twice. */
	wakeup_fired(&wakeup, at_us(5000));
	assert_int_equal(wakeup.early_us, 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_always_late_is_set_earlier_by_that),
		cmocka_unit_test(one_that_was_less_late_is_believed_at_once),
		cmocka_unit_test(never_earlier_than_the_limit),
		cmocka_unit_test(what_fires_at_once_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
