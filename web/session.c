/* SPDX-License-Identifier: MIT */
#include "web/session.h"

#include <stdio.h>

#include "gateway/clock.h"
#include "web/auth.h"
#include "web/reply.h"
#include "web/request.h"

#define COOKIE_RULES "; Path=/; HttpOnly; SameSite=Strict"

static void
say_verdict(struct reply *reply, enum auth_verdict verdict, unsigned wait_s)
{
	if (verdict == AUTH_WRONG)
		reply_problem(
		    reply, PROBLEM_WRONG_PASSWORD, "This is not the password.");
	else if (verdict == AUTH_WAIT)
		reply_problem(reply, PROBLEM_TOO_MANY_TRIES,
		    "A password was wrong just now, or one is being checked.");
	else
		reply_problem(reply, PROBLEM_INTERNAL,
		    "The password file cannot be read; the log tells why.");
	reply->retry_after_s = wait_s;
}

static void
log_in(const struct api *api, const char *password, struct reply *reply)
{
	char token[2 * AUTH_TOKEN_SIZE + 1];
	enum auth_verdict verdict;
	unsigned wait_s;

	verdict =
	    auth_login(api->auth, password, clock_now().us, token, &wait_s);
	if (verdict != AUTH_DONE) {
		say_verdict(reply, verdict, wait_s);
		return;
	}
	reply_empty(reply);
	snprintf(reply->set_cookie, sizeof(reply->set_cookie),
	    AUTH_COOKIE "=%s; Max-Age=%d" COOKIE_RULES, token, AUTH_IDLE_S);
}

void
session_post(
    const struct api *api, const struct request *request, struct reply *reply)
{
	const char *password, *why;
	json_t *body;

	if (!auth_needed(api->auth)) {
		reply_empty(reply);
		return;
	}
	body = request_json(request, &why);
	password = json_string_value(json_object_get(body, "password"));
	if (body == NULL)
		reply_problem(reply, PROBLEM_BAD_JSON, why);
	else if (password == NULL)
		reply_problem_take(reply, PROBLEM_VALIDATION,
		    "The password is missing.",
		    json_pack("[{s:s, s:s}]", "pointer", "/password", "code",
			"missing"));
	else
		log_in(api, password, reply);
	json_decref(body);
}

void
session_delete(
    const struct api *api, const struct request *request, struct reply *reply)
{
	auth_logout(api->auth, request->cookie);
	reply_empty(reply);
	snprintf(reply->set_cookie, sizeof(reply->set_cookie),
	    AUTH_COOKIE "=; Max-Age=0" COOKIE_RULES);
}
