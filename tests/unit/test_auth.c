/* SPDX-License-Identifier: MIT */
/* Logging in, with the time given by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "web/auth.h"

#define SECOND INT64_C(1000000)

static char file[] = "/tmp/gridshim-test-auth-XXXXXX";
static struct auth *auth;

static int
set_up(void **state)
{
	char hash[crypto_pwhash_STRBYTES];
	int fd;

	assert_true(sodium_init() >= 0);
	assert_int_equal(
	    crypto_pwhash_str(hash, "right", 5, crypto_pwhash_OPSLIMIT_MIN,
		crypto_pwhash_MEMLIMIT_MIN),
	    0);
	strcpy(file + sizeof(file) - 7, "XXXXXX");
	fd = mkstemp(file);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%s\n# more\n", hash) > 0);
	close(fd);
	auth = auth_new(file);
	assert_non_null(auth);
	return 0;
}

static int
tear_down(void **state)
{
	auth_free(auth);
	unlink(file);
	return 0;
}

static enum auth_verdict
try_at(const char *password, int64_t at_s, unsigned *wait_s)
{
	char token[2 * AUTH_TOKEN_SIZE + 1];

	return auth_login(auth, password, at_s * SECOND, token, wait_s);
}

/* The Cookie header of a fresh session. */
static const char *
log_in(int64_t at_s)
{
	static char cookie[96];
	char token[2 * AUTH_TOKEN_SIZE + 1];
	unsigned wait_s;

	assert_int_equal(
	    auth_login(auth, "right", at_s * SECOND, token, &wait_s),
	    AUTH_DONE);
	snprintf(cookie, sizeof(cookie), "a=b; " AUTH_COOKIE "=%s; c=d", token);
	return cookie;
}

static void
nobody_is_in_without_a_session(void **state)
{
	static const char *const cookies[] = { NULL, "", AUTH_COOKIE,
		AUTH_COOKIE "=", AUTH_COOKIE "=00",
		AUTH_COOKIE "=00000000000000000000000000000000",
		AUTH_COOKIE "=0000000000000000000000000000000000",
		AUTH_COOKIE "=zz000000000000000000000000000000",
		"x" AUTH_COOKIE "=00000000000000000000000000000000" };

	for (size_t i = 0; i < sizeof(cookies) / sizeof(cookies[0]); i++)
		assert_false(auth_check(auth, cookies[i], SECOND));
}

static void
a_session_lasts_while_it_is_used(void **state)
{
	const char *cookie = log_in(1);

	assert_true(auth_check(auth, cookie, AUTH_IDLE_S * SECOND));
	assert_true(auth_check(auth, cookie, 2 * AUTH_IDLE_S * SECOND));
	assert_false(
	    auth_check(auth, cookie, (3 * AUTH_IDLE_S + 1LL) * SECOND));
	assert_false(auth_check(auth, cookie, 3 * AUTH_IDLE_S * SECOND));
}

static void
logout_ends_this_session_only(void **state)
{
	char first[96];

	snprintf(first, sizeof(first), "%s", log_in(1));
	auth_logout(auth, log_in(2));
	assert_true(auth_check(auth, first, 3 * SECOND));
	auth_logout(auth, first);
	assert_false(auth_check(auth, first, 3 * SECOND));
}

static void
the_session_unused_longest_makes_room(void **state)
{
	char first[96], second[96];

	snprintf(first, sizeof(first), "%s", log_in(1));
	snprintf(second, sizeof(second), "%s", log_in(2));
	for (int i = 2; i < AUTH_SESSIONS_MAX; i++)
		log_in(10 + i);
	assert_true(auth_check(auth, first, 100 * SECOND));
	log_in(101);
	assert_true(auth_check(auth, first, 102 * SECOND));
	assert_false(auth_check(auth, second, 102 * SECOND));
}

static void
wrong_tries_cost_more_and_more_time(void **state)
{
	static const unsigned waits[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	int64_t at_s = 1000;
	unsigned wait_s;

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(try_at("wrong", at_s, &wait_s), AUTH_WRONG);
		assert_int_equal(wait_s, waits[i]);
		/* Too early, even the right one is not looked at. */
		assert_int_equal(
		    try_at("right", at_s + wait_s - 1, &wait_s), AUTH_WAIT);
		assert_int_equal(wait_s, 1);
		at_s += waits[i];
	}
	assert_int_equal(try_at("right", at_s, &wait_s), AUTH_DONE);
	assert_int_equal(try_at("wrong", at_s, &wait_s), AUTH_WRONG);
	assert_int_equal(wait_s, 1);
}

static void
without_its_file_nobody_gets_in(void **state)
{
	unsigned wait_s;

	unlink(file);
	assert_int_equal(try_at("right", 1, &wait_s), AUTH_BROKEN);
	assert_int_equal(try_at("", 1, &wait_s), AUTH_BROKEN);
}

static void
an_empty_file_opens_nothing(void **state)
{
	unsigned wait_s;

	assert_int_equal(truncate(file, 0), 0);
	assert_int_not_equal(try_at("", 1, &wait_s), AUTH_DONE);
}

static void
without_a_file_no_login_is_needed(void **state)
{
	struct auth *open = auth_new(NULL);

	assert_false(auth_needed(open));
	assert_true(auth_check(open, NULL, 1));
	auth_free(open);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_is_in_without_a_session),
		TEST(a_session_lasts_while_it_is_used),
		TEST(logout_ends_this_session_only),
		TEST(the_session_unused_longest_makes_room),
		TEST(wrong_tries_cost_more_and_more_time),
		TEST(without_its_file_nobody_gets_in),
		TEST(an_empty_file_opens_nothing),
		TEST(without_a_file_no_login_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
