/* SPDX-License-Identifier: MIT */
#include "web/order.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "policy/offset.h"
#include "web/live.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/state.h"

enum field { FIELD_VALUE, FIELD_DURATION, FIELD_RAMP, FIELD_COUNT };

/* The numbers of the body; the bounds of value_w are the meter's own. */
static const struct {
	const char *name;
	const char *pointer;
	bool needed;
	bool whole;
	double min;
	double max;
} fields[FIELD_COUNT] = {
	[FIELD_VALUE] = { "value_w", "/value_w", true, false, 0, 0 },
	[FIELD_DURATION] = { "duration_s", "/duration_s", true, true,
	    OFFSET_LEASE_MIN_S, OFFSET_LEASE_MAX_S },
	[FIELD_RAMP] = { "ramp_w_per_s", "/ramp_w_per_s", false, false, 0,
	    1e6 },
};

/* Which field of the body the proxy's refusal is about. */
static const struct {
	enum reason reason;
	enum field field;
} refusals[] = {
	{ REASON_NOT_FINITE, FIELD_VALUE },
	{ REASON_BEYOND_LIMIT, FIELD_VALUE },
	{ REASON_BAD_EXPIRY, FIELD_DURATION },
	{ REASON_BAD_RAMP, FIELD_RAMP },
};

static double
field_min(enum field field, const struct config_shown *shown)
{
	return field == FIELD_VALUE ? -(double)shown->limit_w
	                            : fields[field].min;
}

static double
field_max(enum field field, const struct config_shown *shown)
{
	return field == FIELD_VALUE ? shown->limit_w : fields[field].max;
}

/* -1: the reply says why. name NULL: the only one there is. */
static int
find_shown(const struct api *api, const char *name, struct reply *reply)
{
	if (name == NULL && api->config->shown_count == 1)
		return 0;
	for (unsigned i = 0; name != NULL && i < api->config->shown_count;
	     i++) {
		if (strcmp(api->config->shown[i].name, name) == 0)
			return (int)i;
	}
	reply_problem(reply, PROBLEM_NO_SUCH_METER,
	    name != NULL
		? "No shown meter has that name; /api/v1/state lists them."
		: "There are several shown meters: name one as \"shown\".");
	return -1;
}

static json_t *
field_error(
    enum field field, const char *code, const struct config_shown *shown)
{
	return json_pack("[{s:s, s:s, s:f, s:f}]", "pointer",
	    fields[field].pointer, "code", code, "min", field_min(field, shown),
	    "max", field_max(field, shown));
}

static void
refuse_field(struct reply *reply, enum field field, const char *code,
    const struct config_shown *shown)
{
	char detail[160];

	snprintf(detail, sizeof(detail),
	    "%s must be a%s number from %.0f to %.0f.", fields[field].name,
	    fields[field].whole ? " whole" : "", field_min(field, shown),
	    field_max(field, shown));
	reply_problem_take(
	    reply, PROBLEM_VALIDATION, detail, field_error(field, code, shown));
}

/* NULL: good. Else what is wrong with the value. */
static const char *
check_field(
    enum field field, const json_t *value, const struct config_shown *shown)
{
	double number = json_number_value(value);

	if (value == NULL)
		return fields[field].needed ? "missing" : NULL;
	if (!json_is_number(value))
		return "not_a_number";
	if (fields[field].whole && number != floor(number))
		return "not_whole";
	if (number < field_min(field, shown) ||
	    number > field_max(field, shown))
		return "out_of_range";
	return NULL;
}

static bool
known_member(const char *key)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (strcmp(fields[i].name, key) == 0)
			return true;
	}
	return strcmp(key, "shown") == 0 || strcmp(key, "owner") == 0;
}

/* A misspelt member is an order misunderstood. */
static bool
refuse_members(json_t *body, struct reply *reply)
{
	static const char *const texts[] = { "shown", "owner" };
	const char *key;
	json_t *value;

	json_object_foreach(body, key, value)
	{
		if (known_member(key))
			continue;
		reply_problem_take(reply, PROBLEM_VALIDATION,
		    "There is a member this address does not know.",
		    json_pack("[{s:s+, s:s}]", "pointer", "/", key, "code",
			"unknown"));
		return true;
	}
	for (unsigned i = 0; i < 2; i++) {
		value = json_object_get(body, texts[i]);
		if (value == NULL || json_is_string(value))
			continue;
		reply_problem_take(reply, PROBLEM_VALIDATION,
		    "A name must be a string.",
		    json_pack("[{s:s+, s:s}]", "pointer", "/", texts[i], "code",
			"not_a_string"));
		return true;
	}
	return false;
}

/* Goes into records and onto the page, so letters, digits and dashes only. */
static void
set_owner(struct message_offset *offset, const char *owner)
{
	size_t length = 0;

	for (; owner != NULL && *owner != '\0' &&
	       length < sizeof(offset->owner) - 1;
	     owner++) {
		if (isalnum((unsigned char)*owner) || *owner == '-')
			offset->owner[length++] = *owner;
	}
	offset->owner[length] = '\0';
	if (length == 0)
		snprintf(offset->owner, sizeof(offset->owner), "api");
}

static json_t *
offset_json(const struct config_shown *shown, const struct message_lease *lease,
    struct mono now)
{
	return json_pack("{s:s, s:o, s:o}", "shown", shown->name, "lease",
	    state_lease(lease, now), "limits", state_limits(shown));
}

static void
say_refusal(
    const struct config_shown *shown, enum reason reason, struct reply *reply)
{
	for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (refusals[i].reason != reason)
			continue;
		reply_problem_take(reply, PROBLEM_VALIDATION,
		    reason_text(reason),
		    field_error(refusals[i].field, reason_name(reason), shown));
		return;
	}
	reply_problem(reply, PROBLEM_NO_SUCH_METER, reason_text(reason));
}

static void
give_order(
    const struct api *api, struct message_offset *offset, struct reply *reply)
{
	const struct config_shown *shown = &api->config->shown[offset->shown];
	struct message_result result;

	switch (live_offset(api->live, offset, &result)) {
	case LIVE_BUSY:
		reply_problem(reply, PROBLEM_BUSY,
		    "The proxy takes no orders at the moment.");
		reply->retry_after_s = 1;
		return;
	case LIVE_SILENT:
		reply_problem(reply, PROBLEM_NO_ANSWER,
		    "It is not known whether the order was carried out.");
		return;
	case LIVE_ANSWERED:
		break;
	}
	if (result.reason != REASON_NONE)
		say_refusal(shown, (enum reason)result.reason, reply);
	else
		reply_json(
		    reply, 200, offset_json(shown, &result.lease, clock_now()));
}

void
order_get(
    const struct api *api, const struct request *request, struct reply *reply)
{
	int index = find_shown(api, request_query(request, "shown"), reply);
	struct live_view view;

	if (index < 0)
		return;
	live_read(api->live, &view);
	reply_json(reply, 200,
	    offset_json(&api->config->shown[index], &view.snapshot[index].lease,
		clock_now()));
}

static void
put(const struct api *api, json_t *body, struct reply *reply)
{
	double numbers[FIELD_COUNT];
	struct message_offset offset = { 0 };
	int index;

	if (refuse_members(body, reply))
		return;
	index = find_shown(
	    api, json_string_value(json_object_get(body, "shown")), reply);
	if (index < 0)
		return;
	for (enum field field = 0; field < FIELD_COUNT; field++) {
		const json_t *value = json_object_get(body, fields[field].name);
		const struct config_shown *shown = &api->config->shown[index];
		const char *wrong = check_field(field, value, shown);

		if (wrong != NULL) {
			refuse_field(reply, field, wrong, shown);
			return;
		}
		numbers[field] = json_number_value(value);
	}
	offset.shown = (uint32_t)index;
	offset.value_w = numbers[FIELD_VALUE];
	offset.duration_s = (uint32_t)numbers[FIELD_DURATION];
	offset.ramp_w_per_s = numbers[FIELD_RAMP];
	set_owner(&offset, json_string_value(json_object_get(body, "owner")));
	give_order(api, &offset, reply);
}

void
order_put(
    const struct api *api, const struct request *request, struct reply *reply)
{
	const char *why;
	json_t *body = request_json(request, &why);

	if (body == NULL)
		reply_problem(reply, PROBLEM_BAD_JSON, why);
	else
		put(api, body, reply);
	json_decref(body);
}

void
order_delete(
    const struct api *api, const struct request *request, struct reply *reply)
{
	int index = find_shown(api, request_query(request, "shown"), reply);
	struct message_offset offset = { 0 };

	if (index < 0)
		return;
	offset.shown = (uint32_t)index;
	set_owner(&offset, request_query(request, "owner"));
	give_order(api, &offset, reply);
}
