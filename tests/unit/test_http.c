/* SPDX-License-Identifier: MIT */
/* The server as a browser meets it: real connections on loopback. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/clock.h"
#include "web/auth.h"
#include "web/http.h"
#include "web/live.h"
#include "web/past.h"
#include "web/slots.h"

#define TEXT(text) ((char[]){ text })

static struct config_site site = { .name = TEXT("home") };
static struct config_shown shown = { .name = TEXT("meter"),
	.line = TEXT("inv1"),
	.source = TEXT("grid"),
	.max_age_ms = 1500,
	.limit_w = 3000,
	.slew_w_per_s = 1000 };
static struct config_storage storage = { .path = TEXT("/nonexistent/db") };
static struct config_web web = { .listen = TEXT("127.0.0.1") };
static struct config config = { .site = &site,
	.shown = &shown,
	.shown_count = 1,
	.storage = &storage,
	.web = &web };
static struct api api = { .config = &config };
static struct http *http;
static int pair[2];

/* The system picks a free one; it is ours again a moment later. */
static uint32_t
free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&address, &length), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static int
set_up(void **state)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	api.live = live_new(pair[1]);
	api.auth = auth_new(NULL);
	api.past = past_new(storage.path);
	web.port = free_port();
	http = http_start(&api);
	assert_non_null(http);
	return 0;
}

static int
tear_down(void **state)
{
	if (http != NULL) {
		live_stop(api.live);
		http_stop(http);
	}
	past_free(api.past);
	auth_free(api.auth);
	live_free(api.live);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int
dial(uint32_t from)
{
	struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(from) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)web.port);
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads until the text ends so, or the connection or the patience does. */
static const char *
hear(int fd, const char *end)
{
	static char text[65536];
	size_t length = 0;
	ssize_t got;

	text[0] = '\0';
	while (length < sizeof(text) - 1 && strstr(text, end) == NULL) {
		got = recv(fd, text + length, sizeof(text) - 1 - length, 0);
		if (got <= 0)
			break;
		length += (size_t)got;
		text[length] = '\0';
	}
	return text;
}

static int
status_of(const char *answer)
{
	int status = 0;

	sscanf(answer, "HTTP/1.1 %d", &status);
	return status;
}

static void
requests_are_answered_or_refused(void **state)
{
	static const struct {
		const char *rule;
		const char *request;
		int status;
	} rows[] = {
		{ "the page", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    200 },
		{ "escapes in the path",
		    "GET /api/v1/st%61te HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    200 },
		{ "a NUL in the path",
		    "GET /api/v1/state%00x HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    400 },
		{ "a proxy's kind of target",
		    "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    400 },
		{ "two hosts",
		    "GET / HTTP/1.1\r\nHost: localhost\r\nHost: x\r\n\r\n",
		    400 },
		{ "two lengths",
		    "PUT /api/v1/offset HTTP/1.1\r\nHost: localhost\r\n"
		    "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		    400 },
		{ "a length and chunks",
		    "PUT /api/v1/offset HTTP/1.1\r\nHost: localhost\r\n"
		    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
		    400 },
		{ "a body that says it is too long",
		    "PUT /api/v1/offset HTTP/1.1\r\nHost: localhost\r\n"
		    "Content-Length: 70000\r\n\r\n",
		    413 },
		{ "a query",
		    "GET /api/v1/history?subject=grid&quantity=voltage&from=-60"
		    " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		    200 },
		{ "an absurd method",
		    "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = dial(INADDR_LOOPBACK);

		print_message("%s\n", rows[i].rule);
		say(fd, rows[i].request);
		assert_int_equal(
		    status_of(hear(fd, "\r\n\r\n")), rows[i].status);
		close(fd);
	}
}

static void
every_answer_has_the_safe_headers(void **state)
{
	static const char *const rows[] = { "default-src 'none'; script-src",
		"style-src 'self'", "frame-ancestors 'none'",
		"X-Content-Type-Options: nosniff",
		"Referrer-Policy: no-referrer", "Cache-Control: no-store" };
	const char *answer;
	int fd = dial(INADDR_LOOPBACK);

	say(fd, "GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
	answer = hear(fd, "\r\n\r\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_non_null(strstr(answer, rows[i]));
	close(fd);
}

static void
chunks_end_at_the_limit_too(void **state)
{
	static char chunk[8192 + 16];
	int fd = dial(INADDR_LOOPBACK);
	int length = snprintf(chunk, sizeof(chunk), "2000\r\n%08192d\r\n", 0);

	assert_true(length > 8192);
	say(fd, "PUT /api/v1/offset HTTP/1.1\r\nHost: localhost\r\n"
		"X-Gridshim: 1\r\nContent-Type: application/json\r\n"
		"Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 9; i++)
		say(fd, chunk);
	say(fd, "0\r\n\r\n");
	assert_int_equal(status_of(hear(fd, "\r\n\r\n")), 413);
	close(fd);
}

static int
open_stream(uint32_t from, int *status)
{
	int fd = dial(from);

	say(fd, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
	*status = status_of(hear(fd, "\r\n\r\n"));
	return fd;
}

/* Streams have an end, an address has less of them, and what is left is
 * enough for Stop. */
static void
streams_are_counted(void **state)
{
	enum { ADDRESSES = 3, EACH = HTTP_STREAMS_PER_ADDRESS + 1 };
	int fds[ADDRESSES * EACH], count = 0, good = 0, status;

	for (uint32_t a = 0; a < ADDRESSES; a++) {
		for (int i = 0; i < EACH; i++) {
			fds[count++] =
			    open_stream(INADDR_LOOPBACK + a, &status);
			assert_true(status == 200 || status == 503);
			good += status == 200;
		}
		assert_int_equal(status, 503);
	}
	assert_int_equal(good, HTTP_STREAMS);
	fds[0] = (close(fds[0]), dial(INADDR_LOOPBACK));
	say(fds[0], "GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_int_equal(status_of(hear(fds[0], "\r\n\r\n")), 200);
	while (count > 0)
		close(fds[--count]);
}

static void
stopping_takes_no_time_with_streams_open(void **state)
{
	struct mono before;
	int status, fd = open_stream(INADDR_LOOPBACK, &status);

	assert_int_equal(status, 200);
	before = clock_now();
	live_stop(api.live);
	http_stop(http);
	http = NULL;
	assert_true(mono_diff_us(clock_now(), before) < 400000);
	hear(fd, "never said");
	assert_int_equal(recv(fd, &status, 1, 0), 0);
	close(fd);
}

/* In made-up time: who does not finish a request is cut off, a stream is
 * not, and an answered request buys time for the next. */
static void
slow_requests_are_cut_off(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	const struct sockaddr *any = (struct sockaddr *)&address;
	struct slots *slots = slots_new(1, 1);
	struct mono start = { .us = 1000000 };
	struct slot *slow, *stream;
	int one[2], two[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
	slow = slots_take(slots, one[0], any, start, 10000);
	stream = slots_take(slots, two[0], any, start, 10000);
	assert_true(slots_stream(slots, stream));
	assert_false(slots_stream(slots, slow));
	slots_renew(slots, slow, mono_add_ms(start, 5000), 10000);
	slots_sweep(slots, mono_add_ms(start, 14999));
	assert_int_equal(recv(one[1], &byte, 1, MSG_DONTWAIT), -1);
	slots_sweep(slots, mono_add_ms(start, 15000));
	assert_int_equal(recv(one[1], &byte, 1, MSG_DONTWAIT), 0);
	slots_sweep(slots, mono_add_ms(start, 1000000));
	assert_int_equal(recv(two[1], &byte, 1, MSG_DONTWAIT), -1);
	slots_release(slots, slow);
	slots_release(slots, stream);
	slots_free(slots);
	for (int i = 0; i < 2; i++) {
		close(one[i]);
		close(two[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_answered_or_refused),
		TEST(every_answer_has_the_safe_headers),
		TEST(chunks_end_at_the_limit_too),
		TEST(streams_are_counted),
		TEST(stopping_takes_no_time_with_streams_open),
		cmocka_unit_test(slow_requests_are_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
