/* SPDX-License-Identifier: MIT */
/* The lines as /lines and /metrics show them, from made-up messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/message.h"
#include "web/auth.h"
#include "web/live.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/router.h"

/* The configuration owns its texts, so they are no constants. */
#define TEXT(text) ((char[]){ text })

static struct config_line lines[] = { { .name = TEXT("meter") },
	{ .name = TEXT("inv1") } };
static struct config_shown shown = { .name = TEXT("solis-meter"),
	.line = TEXT("inv1"),
	.source = TEXT("grid"),
	.line_index = 1 };
static struct config_web web = { .listen = TEXT("127.0.0.1"), .port = 8080 };
static struct config config = { .lines = lines,
	.lines_count = 2,
	.shown = &shown,
	.shown_count = 1,
	.web = &web };
static struct api api = { .config = &config };
static int pair[2];

static int
set_up(void **state)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	api.live = live_new(pair[1]);
	api.auth = auth_new(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	auth_free(api.auth);
	live_free(api.live);
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static const char *
no_query(void *context, const char *name)
{
	return NULL;
}

/* The body of a GET; to be freed. */
static char *
get(const char *path)
{
	struct request request = { .method = "GET",
		.path = path,
		.host = "localhost",
		.query = no_query };
	struct reply reply = { 0 };
	char *text;

	router_answer(&api, &request, &reply);
	assert_int_equal(reply.status, 200);
	text = strndup(reply.body, reply.length);
	assert_non_null(text);
	reply_free(&reply);
	return text;
}

static json_t *
get_json(const char *path)
{
	char *text = get(path);
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	free(text);
	return json;
}

static void
tell(const struct message *message)
{
	assert_int_equal(message_send(pair[0], message), MESSAGE_DONE);
	assert_true(live_receive(api.live));
}

static void
tell_line(uint32_t line, int64_t since_us, uint64_t timeouts)
{
	struct message message;
	struct message_line *body = &message.body.line;

	message_init(&message, MESSAGE_LINE);
	body->line = line;
	body->up = 1;
	body->since_us = since_us;
	body->replaced = 3;
	body->count[TALLY_TIMEOUT] = timeouts;
	body->count[TALLY_REOPENED] = 2;
	for (int i = 0; i < 4; i++)
		histogram_add(&body->reply[TALLY_DEVICE], 3000);
	histogram_add(&body->reply[TALLY_DEVICE], 9000000);
	tell(&message);
}

static void
tell_unit(uint32_t slot, uint32_t unit, uint64_t requests)
{
	struct message message;

	message_init(&message, MESSAGE_UNIT);
	message.body.unit.line = 1;
	message.body.unit.slot = slot;
	message.body.unit.unit = unit;
	message.body.unit.since_us = 1000;
	message.body.unit.count[TALLY_REQUEST] = requests;
	tell(&message);
}

static void
tell_asked(uint32_t slot, enum asked_answer answer, uint64_t times)
{
	struct message message;
	struct message_asked *asked = &message.body.asked;

	message_init(&message, MESSAGE_ASKED);
	asked->line = 1;
	asked->slot = slot;
	asked->since_us = 1000;
	asked->times = times;
	asked->interval_us = times > 1 ? 200500 : 0;
	asked->last_us = clock_now().us - 5000;
	asked->unit = 1;
	asked->function = 3;
	asked->address = 0x2012;
	asked->count = 65;
	asked->answer = (uint8_t)answer;
	asked->exception = 2;
	tell(&message);
}

static void
tell_all(void)
{
	tell_line(0, 1000, 7);
	tell_line(1, 1000, 0);
	tell_unit(0, 1, 11);
	tell_unit(MESSAGE_UNITS - 1, 0, 5);
	tell_asked(2, ASKED_EXCEPTION, 9);
	tell_asked(5, ASKED_OK, 1);
}

/* "lines/1/asked/0/times" */
static json_t *
at(json_t *json, const char *path)
{
	char copy[128], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((key = strsep(&rest, "/")) != NULL)
		json = json_is_array(json)
		           ? json_array_get(json, strtoul(key, NULL, 10))
		           : json_object_get(json, key);
	assert_non_null(json);
	return json;
}

static void
what_the_proxy_said_is_shown(void **state)
{
	static const struct {
		const char *path;
		const char *value;
	} rows[] = {
		{ "lines/0/name", "\"meter\"" },
		{ "lines/0/role", "\"asks\"" },
		{ "lines/1/role", "\"answers\"" },
		{ "lines/0/up", "true" },
		{ "lines/0/events/timeouts", "7" },
		{ "lines/1/events/timeouts", "0" },
		{ "lines/0/events/reopened", "2" },
		{ "lines/0/asked_replaced", "3" },
		{ "lines/0/units", "[]" },
		{ "lines/0/asked", "[]" },
		{ "lines/0/replies/ours", "null" },
		{ "lines/0/replies/device/count", "5" },
		{ "lines/0/replies/device/p99_ms", "2000.0" },
		{ "lines/0/replies/device/mean_ms", "1802.4" },
		{ "lines/1/units/0/unit", "1" },
		{ "lines/1/units/0/events/requests", "11" },
		{ "lines/1/units/1/unit", "null" },
		{ "lines/1/units/1/events/requests", "5" },
		{ "lines/1/asked/0/unit", "1" },
		{ "lines/1/asked/0/function", "3" },
		{ "lines/1/asked/0/address", "8210" },
		{ "lines/1/asked/0/count", "65" },
		{ "lines/1/asked/0/times", "9" },
		{ "lines/1/asked/0/interval_ms", "200.5" },
		{ "lines/1/asked/0/answer", "\"exception\"" },
		{ "lines/1/asked/0/exception", "2" },
		{ "lines/1/asked/1/interval_ms", "null" },
		{ "lines/1/asked/1/answer", "\"ok\"" },
		{ "lines/1/asked/1/exception", "null" },
	};
	json_t *json;

	tell_all();
	json = get_json("/api/v1/lines");
	assert_int_equal(json_array_size(at(json, "lines")), 2);
	assert_int_equal(json_array_size(at(json, "lines/1/asked")), 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *value = json_dumps(at(json, rows[i].path),
		    JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));

		print_message("%s\n", rows[i].path);
		assert_string_equal(value, rows[i].value);
		free(value);
	}
	json_decref(json);
}

static void
a_proxy_that_says_nothing_leaves_nothing_to_show(void **state)
{
	json_t *json = get_json("/api/v1/lines");
	char *text = get("/metrics");

	assert_true(json_is_null(at(json, "lines/0/heard_age_ms")));
	assert_true(json_is_false(at(json, "lines/0/up")));
	assert_int_equal(json_array_size(at(json, "lines/1/units")), 0);
	assert_null(strstr(text, "gridshim_line_events_total{"));
	json_decref(json);
	free(text);
}

static void
what_a_dead_proxy_said_is_forgotten(void **state)
{
	json_t *json;

	tell_all();
	tell_line(1, 2000, 1);
	json = get_json("/api/v1/lines");
	assert_int_equal(json_array_size(at(json, "lines/1/units")), 0);
	assert_int_equal(json_array_size(at(json, "lines/1/asked")), 0);
	assert_int_equal(
	    json_integer_value(at(json, "lines/1/events/timeouts")), 1);
	assert_int_equal(
	    json_integer_value(at(json, "lines/0/events/timeouts")), 7);
	json_decref(json);
}

static void
the_stream_is_not_woken_by_counters(void **state)
{
	struct live_view view;

	tell_all();
	live_read(api.live, &view);
	assert_int_equal(view.sequence, 0);
}

static void
metrics_are_in_families(void **state)
{
	static const char *const wanted[] = {
		"\ngridshim_line_up{line=\"inv1\"} 1\n",
		"\ngridshim_line_events_total{line=\"meter\","
		"event=\"timeouts\"} 7\n",
		"\ngridshim_reply_seconds_bucket{line=\"meter\","
		"by=\"device\",le=\"1e-05\"} 0\n",
		"\ngridshim_reply_seconds_bucket{line=\"meter\","
		"by=\"device\",le=\"0.005\"} 4\n",
		"\ngridshim_reply_seconds_bucket{line=\"meter\","
		"by=\"device\",le=\"2\"} 4\n",
		"\ngridshim_reply_seconds_bucket{line=\"meter\","
		"by=\"device\",le=\"+Inf\"} 5\n",
		"\ngridshim_reply_seconds_sum{line=\"meter\","
		"by=\"device\"} 9.012\n",
		"\ngridshim_reply_seconds_count{line=\"meter\","
		"by=\"device\"} 5\n",
	};
	char *text, *header;

	tell_all();
	text = get("/metrics");
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		print_message("%s", wanted[i] + 1);
		assert_non_null(strstr(text, wanted[i]));
	}
	assert_null(strstr(text, "by=\"ours\""));
	header = strstr(text, "# TYPE gridshim_line_events_total counter\n");
	assert_non_null(header);
	assert_null(strstr(header + 1, "# TYPE gridshim_line_events_total"));
	free(text);
}

/* What the OpenAPI file calls this; follows "$ref" and takes the branch of
 * "anyOf" that is not null. */
static json_t *
schema_of(json_t *root, json_t *schema)
{
	const char *ref = json_string_value(json_object_get(schema, "$ref"));

	if (json_object_get(schema, "anyOf") != NULL)
		return schema_of(
		    root, json_array_get(json_object_get(schema, "anyOf"), 0));
	return ref != NULL ? at(root, ref + strlen("#/")) : schema;
}

static void
fits(json_t *root, json_t *schema, json_t *value)
{
	json_t *one, *properties;
	const char *key;
	size_t i;

	schema = schema_of(root, schema);
	json_array_foreach(value, i, one)
	    fits(root, json_object_get(schema, "items"), one);
	if (!json_is_object(value))
		return;
	properties = json_object_get(schema, "properties");
	json_object_foreach(value, key, one)
	{
		print_message("%s\n", key);
		assert_non_null(json_object_get(properties, key));
		fits(root, json_object_get(properties, key), one);
	}
	json_array_foreach(json_object_get(schema, "required"), i, one)
	    assert_non_null(json_object_get(value, json_string_value(one)));
	assert_int_equal(json_object_size(properties), json_object_size(value));
}

static void
the_api_description_has_every_field(void **state)
{
	json_t *root = get_json("/api/v1/openapi.json");
	json_t *json;

	tell_all();
	json = get_json("/api/v1/lines");
	fits(root, at(root, "components/schemas/Lines"), json);
	json_decref(json);
	json_decref(root);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_proxy_said_is_shown),
		TEST(a_proxy_that_says_nothing_leaves_nothing_to_show),
		TEST(what_a_dead_proxy_said_is_forgotten),
		TEST(the_stream_is_not_woken_by_counters),
		TEST(metrics_are_in_families),
		TEST(the_api_description_has_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
