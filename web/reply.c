/* SPDX-License-Identifier: MIT */
#include "web/reply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEM_URN "urn:gridshim:problem:"

static const struct {
	unsigned status;
	const char *type;
	const char *title;
} problems[PROBLEM_COUNT] = {
	[PROBLEM_BAD_REQUEST] = { 400, PROBLEM_URN "bad-request",
	    "The request cannot be understood" },
	[PROBLEM_BAD_JSON] = { 400, PROBLEM_URN "bad-json",
	    "The body cannot be understood" },
	[PROBLEM_LOGIN] = { 401, PROBLEM_URN "login", "Log in first" },
	[PROBLEM_WRONG_PASSWORD] = { 401, PROBLEM_URN "wrong-password",
	    "Wrong password" },
	[PROBLEM_FOREIGN_ORIGIN] = { 403, PROBLEM_URN "foreign-origin",
	    "Asked by another site" },
	[PROBLEM_NO_GUARD] = { 403, PROBLEM_URN "no-guard",
	    "The header X-Gridshim: 1 is missing" },
	[PROBLEM_NOT_FOUND] = { 404, PROBLEM_URN "not-found",
	    "There is nothing here" },
	[PROBLEM_NO_SUCH_METER] = { 404, PROBLEM_URN "no-such-meter",
	    "No such meter" },
	[PROBLEM_METHOD] = { 405, PROBLEM_URN "method",
	    "This cannot be done here" },
	[PROBLEM_TOO_LARGE] = { 413, PROBLEM_URN "too-large",
	    "The body is too large" },
	[PROBLEM_MEDIA_TYPE] = { 415, PROBLEM_URN "media-type",
	    "Send application/json" },
	[PROBLEM_WRONG_HOST] = { 421, PROBLEM_URN "wrong-host",
	    "Not a name of this box" },
	[PROBLEM_VALIDATION] = { 422, PROBLEM_URN "validation",
	    "A value was refused" },
	[PROBLEM_TOO_MANY_TRIES] = { 429, PROBLEM_URN "too-many-tries",
	    "Wait before the next try" },
	[PROBLEM_INTERNAL] = { 500, PROBLEM_URN "internal",
	    "Something went wrong here" },
	[PROBLEM_BUSY] = { 503, PROBLEM_URN "busy", "Busy" },
	[PROBLEM_TOO_MANY_STREAMS] = { 503, PROBLEM_URN "too-many-streams",
	    "Too many live streams" },
	[PROBLEM_NO_HISTORY] = { 503, PROBLEM_URN "no-history",
	    "The history cannot be read" },
	[PROBLEM_NO_ANSWER] = { 504, PROBLEM_URN "no-answer",
	    "No answer from the proxy" },
};

static void
set_body(struct reply *reply, unsigned status, const char *type, char *text)
{
	reply_free(reply);
	reply->status = text != NULL ? status : 500;
	reply->type = type;
	reply->body = text != NULL ? text : "{}";
	reply->length = strlen(reply->body);
	reply->owned = text;
}

static void
set_json(struct reply *reply, unsigned status, const char *type, json_t *json)
{
	char *text = NULL;

	if (json != NULL)
		text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12));
	json_decref(json);
	set_body(reply, status, type, text);
}

void
reply_json(struct reply *reply, unsigned status, json_t *json)
{
	set_json(reply, status, "application/json", json);
}

void
reply_text_take(struct reply *reply, const char *type, char *text)
{
	set_body(reply, 200, type, text);
}

void
reply_empty(struct reply *reply)
{
	reply_free(reply);
	reply->status = 204;
}

void
reply_problem_take(struct reply *reply, enum problem problem,
    const char *detail, json_t *errors)
{
	json_t *json;

	assert(problem < PROBLEM_COUNT);
	json = json_pack("{s:s, s:s, s:i, s:s, s:o*}", "type",
	    problems[problem].type, "title", problems[problem].title, "status",
	    (int)problems[problem].status, "detail", detail, "errors", errors);
	set_json(
	    reply, problems[problem].status, "application/problem+json", json);
}

void
reply_problem(struct reply *reply, enum problem problem, const char *detail)
{
	reply_problem_take(reply, problem, detail, NULL);
}

void
reply_free(struct reply *reply)
{
	free(reply->owned);
	reply->owned = NULL;
	reply->body = NULL;
	reply->length = 0;
}
