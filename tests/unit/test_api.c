/* SPDX-License-Identifier: MIT */
/* Requests through the router, with a proxy made up on the other end of the
 * pair. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/clock.h"
#include "gateway/message.h"
#include "policy/quantity.h"
#include "policy/reason.h"
#include "web/auth.h"
#include "web/live.h"
#include "web/past.h"
#include "web/router.h"
#include "web/stream.h"

/* The configuration owns its texts, so they are no constants. */
#define TEXT(text) ((char[]){ text })

static struct config_site site = { .name = TEXT("home") };
static struct config_shown shown[] = {
	{ .name = TEXT("solis-meter"),
	    .line = TEXT("inv1"),
	    .source = TEXT("grid"),
	    .max_age_ms = 1500,
	    .limit_w = 3000,
	    .slew_w_per_s = 1000 },
	{ .name = TEXT("other"),
	    .line = TEXT("inv2"),
	    .source = TEXT("grid"),
	    .max_age_ms = 1500,
	    .limit_w = 800,
	    .slew_w_per_s = 100 },
};
static struct config_storage storage = {
	.path = TEXT("/nonexistent/history.db"), .commit_s = 5
};
static struct config_web web = { .listen = TEXT("192.0.2.7"), .port = 8080 };
static struct config config = { .site = &site,
	.shown = shown,
	.shown_count = 1,
	.storage = &storage,
	.web = &web };

static struct api api = { .config = &config, .box_name = "box" };
static struct message_offset last_offset; /* what the proxy was told */
static uint32_t answer_reason; /* what it says to it */
static atomic_bool mute; /* whether it says anything */
static atomic_bool over;
static int pair[2];
static pthread_t proxy_thread;

static void
proxy_answer(const struct message *order)
{
	struct message result;

	last_offset = order->body.offset;
	message_init(&result, MESSAGE_RESULT);
	result.body.result.request = last_offset.request;
	result.body.result.reason = answer_reason;
	if (last_offset.duration_s > 0) {
		result.body.result.lease.value_w = last_offset.value_w;
		result.body.result.lease.expiry_us =
		    clock_now().us + (int64_t)last_offset.duration_s * 1000000;
	}
	if (!mute)
		message_send(pair[0], &result);
}

/* Both the proxy and the thread of the web process that listens to it. */
static void *
proxy_run(void *context)
{
	struct pollfd fds[] = { { .fd = pair[0], .events = POLLIN },
		{ .fd = pair[1], .events = POLLIN } };
	struct message message;

	while (!over) {
		poll(fds, 2, 100);
		while (message_receive(pair[0], &message) == MESSAGE_DONE)
			proxy_answer(&message);
		live_receive(api.live);
	}
	return NULL;
}

static void
send_snapshot(uint32_t state, int64_t sample_age_us)
{
	struct live_view before, after;
	struct message message;

	live_read(api.live, &before);
	message_init(&message, MESSAGE_SNAPSHOT);
	message.body.snapshot.state = state;
	message.body.snapshot.reason = REASON_TRANSPARENT;
	message.body.snapshot.true_w = 230.5;
	message.body.snapshot.shown_w = 730.5;
	message.body.snapshot.offset_w = 500;
	message.body.snapshot.sample_us = clock_now().us - sample_age_us;
	message.body.snapshot.known = 1U << QUANTITY_ACTIVE_POWER;
	message.body.snapshot.value[QUANTITY_ACTIVE_POWER] = 230.5;
	assert_int_equal(message_send(pair[0], &message), MESSAGE_DONE);
	do {
		live_wait(api.live, before.sequence, 1000);
		live_read(api.live, &after);
	} while (after.sequence == before.sequence);
}

static int
set_up(void **state)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	over = false;
	mute = false;
	answer_reason = REASON_NONE;
	config.shown_count = 1;
	api.live = live_new(pair[1]);
	api.auth = auth_new(NULL);
	api.past = past_new(storage.path);
	pthread_create(&proxy_thread, NULL, proxy_run, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	over = true;
	pthread_join(proxy_thread, NULL);
	past_free(api.past);
	auth_free(api.auth);
	live_free(api.live);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static const char *query_name, *query_value;

static const char *
find_query(void *context, const char *name)
{
	return query_name != NULL && strcmp(name, query_name) == 0 ? query_value
	                                                           : NULL;
}

/* A request as the page sends it. */
static struct request
ask(const char *method, const char *path, const char *body)
{
	return (struct request){ .method = method,
		.path = path,
		.host = "127.0.0.1:8080",
		.guard = "1",
		.content_type = "application/json",
		.query = find_query,
		.body = body,
		.body_length = strlen(body) };
}

static unsigned
status_of(const struct request *request)
{
	struct reply reply = { 0 };

	router_answer(&api, request, &reply);
	reply_free(&reply);
	return reply.status;
}

static json_t *
json_of(const struct request *request, unsigned status)
{
	struct reply reply = { 0 };
	json_t *json;

	router_answer(&api, request, &reply);
	assert_int_equal(reply.status, status);
	json = json_loadb(reply.body, reply.length, 0, NULL);
	assert_non_null(json);
	reply_free(&reply);
	return json;
}

/* Who asks, and how; NULL: no such header. */
static const struct {
	const char *rule;
	const char *method;
	const char *path;
	const char *host;
	const char *origin;
	const char *guard;
	const char *type;
	unsigned status;
} strangers[] = {
	{ "as the page asks", "PUT", "/api/v1/offset", "localhost:8080",
	    "http://localhost:8080", "1", "application/json", 200 },
	{ "no origin: a program", "PUT", "/api/v1/offset", "127.0.0.1", NULL,
	    "1", "application/json; charset=utf-8", 200 },
	{ "the address listened on", "GET", "/api/v1/state", "192.0.2.7:8080",
	    NULL, NULL, NULL, 200 },
	{ "loopback in IPv6", "GET", "/api/v1/state", "[::1]:8080", NULL, NULL,
	    NULL, 200 },
	{ "rebinding: a foreign name", "GET", "/api/v1/state",
	    "evil.example:8080", NULL, NULL, NULL, 421 },
	{ "another address", "GET", "/api/v1/state", "192.0.2.8", NULL, NULL,
	    NULL, 421 },
	{ "a name that begins well", "GET", "/api/v1/state",
	    "localhost.evil.example", NULL, NULL, NULL, 421 },
	{ "no host", "GET", "/api/v1/state", NULL, NULL, NULL, NULL, 421 },
	{ "a port that is none", "GET", "/api/v1/state", "localhost:80x", NULL,
	    NULL, NULL, 421 },
	{ "a foreign origin", "PUT", "/api/v1/offset", "localhost:8080",
	    "http://evil.example", "1", "application/json", 403 },
	{ "another port is another origin", "PUT", "/api/v1/offset",
	    "localhost:8080", "http://localhost:81", "1", "application/json",
	    403 },
	{ "a sandboxed page", "PUT", "/api/v1/offset", "localhost:8080", "null",
	    "1", "application/json", 403 },
	{ "a form cannot say X-Gridshim", "PUT", "/api/v1/offset",
	    "localhost:8080", NULL, NULL, "application/json", 403 },
	{ "a form's content type", "PUT", "/api/v1/offset", "localhost:8080",
	    NULL, "1", "text/plain", 415 },
	{ "no content type", "PUT", "/api/v1/offset", "localhost:8080", NULL,
	    "1", NULL, 415 },
	{ "HEAD is a GET", "HEAD", "/api/v1/state", "localhost", NULL, NULL,
	    NULL, 200 },
	{ "not there", "GET", "/api/v1/nothing", "localhost", NULL, NULL, NULL,
	    404 },
	{ "no path leads out", "GET", "/../etc/passwd", "localhost", NULL, NULL,
	    NULL, 404 },
	{ "GET has no command", "GET", "/api/v1/session", "localhost", NULL,
	    NULL, NULL, 405 },
	{ "unknown method", "BREW", "/api/v1/offset", "localhost", NULL, "1",
	    NULL, 405 },
};

static void
guards_keep_strangers_out(void **state)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct request request = ask(strangers[i].method,
		    strangers[i].path, "{\"value_w\":1,\"duration_s\":1}");

		request.host = strangers[i].host;
		request.origin = strangers[i].origin;
		request.guard = strangers[i].guard;
		request.content_type = strangers[i].type;
		print_message("%s\n", strangers[i].rule);
		assert_int_equal(status_of(&request), strangers[i].status);
	}
}

static void
bodies_are_checked_whole(void **state)
{
	static const struct {
		const char *body;
		unsigned status;
		const char *pointer; /* NULL: none in the answer */
	} rows[] = {
		{ "{\"value_w\":500,\"duration_s\":60}", 200, NULL },
		{ "{\"shown\":\"solis-meter\",\"value_w\":-3000,"
		  "\"duration_s\":86400,\"ramp_w_per_s\":50,"
		  "\"owner\":\"page\"}",
		    200, NULL },
		{ "{\"value_w\":3000.5,\"duration_s\":60}", 422, "/value_w" },
		{ "{\"value_w\":-3001,\"duration_s\":60}", 422, "/value_w" },
		{ "{\"value_w\":\"500\",\"duration_s\":60}", 422, "/value_w" },
		{ "{\"value_w\":null,\"duration_s\":60}", 422, "/value_w" },
		{ "{\"duration_s\":60}", 422, "/value_w" },
		{ "{\"value_w\":500}", 422, "/duration_s" },
		{ "{\"value_w\":500,\"duration_s\":0}", 422, "/duration_s" },
		{ "{\"value_w\":500,\"duration_s\":1.5}", 422, "/duration_s" },
		{ "{\"value_w\":500,\"duration_s\":86401}", 422,
		    "/duration_s" },
		{ "{\"value_w\":500,\"duration_s\":1e300}", 422,
		    "/duration_s" },
		{ "{\"value_w\":500,\"duration_s\":60,\"ramp_w_per_s\":-1}",
		    422, "/ramp_w_per_s" },
		{ "{\"value_w\":500,\"duration\":60}", 422, "/duration" },
		{ "{\"value_w\":500,\"duration_s\":60,\"shown\":7}", 422,
		    "/shown" },
		{ "{\"value_w\":500,\"duration_s\":60,\"shown\":\"x\"}", 404,
		    NULL },
		{ "{\"value_w\":1e999,\"duration_s\":60}", 400, NULL },
		{ "{\"value_w\":NaN,\"duration_s\":60}", 400, NULL },
		{ "{\"value_w\":1,\"value_w\":2,\"duration_s\":60}", 400,
		    NULL },
		{ "[1]", 400, NULL },
		{ "", 400, NULL },
		{ "{\"value_w\":500,\"duration_s\":60", 400, NULL },
		{ "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", 400, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct request request =
		    ask("PUT", "/api/v1/offset", rows[i].body);
		json_t *json = json_of(&request, rows[i].status);
		json_t *error =
		    json_array_get(json_object_get(json, "errors"), 0);

		print_message("%s\n", rows[i].body);
		if (rows[i].pointer != NULL)
			assert_string_equal(rows[i].pointer,
			    json_string_value(
				json_object_get(error, "pointer")));
		else
			assert_null(error);
		json_decref(json);
	}
}

static void
an_order_reaches_the_proxy_as_it_was_given(void **state)
{
	struct request put = ask("PUT", "/api/v1/offset",
	    "{\"shown\":\"other\",\"value_w\":-500.5,\"duration_s\":90,"
	    "\"ramp_w_per_s\":25,\"owner\":\"pa<ge\"}");
	json_t *json;

	config.shown_count = 2;
	json = json_of(&put, 200);
	assert_int_equal(last_offset.shown, 1);
	assert_float_equal(last_offset.value_w, -500.5, 0);
	assert_float_equal(last_offset.ramp_w_per_s, 25, 0);
	assert_int_equal(last_offset.duration_s, 90);
	assert_string_equal(last_offset.owner, "page");
	json_decref(json);
}

static void
several_meters_must_be_told_apart(void **state)
{
	struct request put =
	    ask("PUT", "/api/v1/offset", "{\"value_w\":1,\"duration_s\":1}");
	struct request get = ask("GET", "/api/v1/offset", "");
	struct request stop = ask("DELETE", "/api/v1/offset", "");

	config.shown_count = 2;
	assert_int_equal(status_of(&put), 404);
	assert_int_equal(status_of(&get), 404);
	assert_int_equal(status_of(&stop), 404);
	query_name = "shown";
	query_value = "other";
	assert_int_equal(status_of(&get), 200);
	assert_int_equal(status_of(&stop), 200);
	assert_int_equal(last_offset.shown, 1);
	assert_int_equal(last_offset.duration_s, 0);
	query_name = NULL;
}

static void
the_proxys_refusal_is_passed_on(void **state)
{
	struct request put =
	    ask("PUT", "/api/v1/offset", "{\"value_w\":1,\"duration_s\":1}");

	answer_reason = REASON_BEYOND_LIMIT;
	assert_int_equal(status_of(&put), 422);
	answer_reason = REASON_NO_SUCH_METER;
	assert_int_equal(status_of(&put), 404);
}

static void
a_silent_proxy_is_no_success(void **state)
{
	struct request put =
	    ask("PUT", "/api/v1/offset", "{\"value_w\":1,\"duration_s\":1}");

	mute = true;
	assert_int_equal(status_of(&put), 504);
}

static const char *
state_field(const char *field, bool *is_null)
{
	static char text[64];
	struct request get = ask("GET", "/api/v1/state", "");
	json_t *json = json_of(&get, 200);
	json_t *value = json_object_get(
	    json_array_get(json_object_get(json, "shown"), 0), field);

	*is_null = json_is_null(value);
	snprintf(text, sizeof(text), "%s",
	    json_is_string(value) ? json_string_value(value) : "");
	json_decref(json);
	return text;
}

static void
old_data_is_not_called_active(void **state)
{
	bool null;

	assert_string_equal(state_field("state", &null), "starting");
	state_field("true", &null);
	assert_true(null);
	send_snapshot(SHOWN_ACTIVE, 1000);
	assert_string_equal(state_field("state", &null), "active");
	state_field("true", &null);
	assert_false(null);
	send_snapshot(SHOWN_ACTIVE, 60000000);
	assert_string_equal(state_field("state", &null), "silent");
	assert_string_equal(state_field("reason", &null), "stale");
	send_snapshot(SHOWN_SILENT, 1000);
	assert_string_equal(state_field("state", &null), "silent");
}

static void
questions_to_the_past_are_checked(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		unsigned status;
	} rows[] = {
		{ "limit", "10", 200 },
		{ "limit", "0", 422 },
		{ "limit", "501", 422 },
		{ "limit", "nan", 422 },
		{ "limit", "10x", 422 },
		{ "limit", "", 422 },
		{ "limit", "0x10", 422 },
	};
	struct request log = ask("GET", "/api/v1/log", "");
	struct request history = ask("GET", "/api/v1/history", "");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		query_name = rows[i].name;
		query_value = rows[i].value;
		assert_int_equal(status_of(&log), rows[i].status);
	}
	query_name = NULL;
	assert_int_equal(status_of(&log), 200); /* no database: no past */
	assert_int_equal(status_of(&history), 422);
}

static void
the_stream_gives_the_newest_first(void **state)
{
	char text[16384] = "";
	struct stream *stream;
	size_t length = 0;

	send_snapshot(SHOWN_ACTIVE, 0);
	stream = stream_new(&api);
	while (strstr(text, "\ndata: ") == NULL ||
	       strcmp(text + length - 2, "\n\n") != 0) {
		ssize_t got = stream_read(stream, text + length, 100);

		assert_true(got > 0);
		length += (size_t)got;
		text[length] = '\0';
	}
	assert_int_equal(strncmp(text, "retry: 2000\n\nid: 1\n", 18), 0);
	assert_non_null(strstr(text, "\"v\":730.5"));
	live_stop(api.live);
	assert_int_equal(stream_read(stream, text, 100), -1);
	stream_free(stream);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(guards_keep_strangers_out),
		TEST(bodies_are_checked_whole),
		TEST(an_order_reaches_the_proxy_as_it_was_given),
		TEST(several_meters_must_be_told_apart),
		TEST(the_proxys_refusal_is_passed_on),
		TEST(a_silent_proxy_is_no_success),
		TEST(old_data_is_not_called_active),
		TEST(questions_to_the_past_are_checked),
		TEST(the_stream_gives_the_newest_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
