/* SPDX-License-Identifier: MIT */
#include "web/router.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "web/auth.h"
#include "web/guard.h"
#include "web/lines.h"
#include "web/metrics.h"
#include "web/order.h"
#include "web/page.h"
#include "web/past.h"
#include "web/session.h"
#include "web/state.h"

#define API "/api/v1"

/* A stream has no body; http.c feeds it. */
static void
begin_stream(
    const struct api *api, const struct request *request, struct reply *reply)
{
	(void)api;
	(void)request;
	reply->status = 200;
	reply->type = "text/event-stream";
	reply->stream = true;
}

enum { ROUTE_OPEN = 1 /* without a login */ };

static const struct route {
	const char *method;
	const char *path;
	api_handler *handler;
	unsigned flags;
} routes[] = {
	{ "GET", API "/state", state_get, 0 },
	{ "GET", API "/events", begin_stream, 0 },
	{ "GET", API "/lines", lines_get, 0 },
	{ "GET", API "/offset", order_get, 0 },
	{ "PUT", API "/offset", order_put, 0 },
	{ "DELETE", API "/offset", order_delete, 0 },
	{ "GET", API "/history", past_history, 0 },
	{ "GET", API "/log", past_log, 0 },
	{ "GET", API "/openapi.json", page_get, 0 },
	{ "GET", API "/health", state_health, ROUTE_OPEN },
	{ "POST", API "/session", session_post, ROUTE_OPEN },
	{ "DELETE", API "/session", session_delete, 0 },
	{ "GET", "/metrics", metrics_get, 0 },
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

/* Everything outside the API is a file of the page. */
static const struct route page_route = { "GET", "", page_get, ROUTE_OPEN };

static bool
method_fits(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 &&
		   strcmp(method, "HEAD") == 0);
}

static void
allow(struct reply *reply, const char *method)
{
	size_t length = strlen(reply->allow);

	snprintf(reply->allow + length, sizeof(reply->allow) - length, "%s%s",
	    length > 0 ? ", " : "", method);
}

/* NULL: no such path, or not that method on it; reply->allow lists those
 * there are. */
static const struct route *
find_route(const struct request *request, struct reply *reply)
{
	for (unsigned i = 0; i < ROUTES; i++) {
		if (strcmp(routes[i].path, request->path) != 0)
			continue;
		if (method_fits(&routes[i], request->method)) {
			reply->allow[0] = '\0';
			return &routes[i];
		}
		allow(reply, routes[i].method);
	}
	if (reply->allow[0] != '\0' || strncmp(request->path, "/api/", 5) == 0)
		return NULL;
	if (method_fits(&page_route, request->method))
		return &page_route;
	allow(reply, page_route.method);
	return NULL;
}

/* What changes something must show that it comes from a program that knows
 * us, which no form and no foreign page can do without asking first. */
static bool
refuse_change(const struct request *request, struct reply *reply)
{
	if (strcmp(request->method, "GET") == 0 ||
	    strcmp(request->method, "HEAD") == 0)
		return false;
	if (request->guard == NULL || strcmp(request->guard, "1") != 0) {
		reply_problem(reply, PROBLEM_NO_GUARD,
		    "Requests that change something carry X-Gridshim: 1.");
		return true;
	}
	if ((request->body_length > 0 ||
		strcmp(request->method, "DELETE") != 0) &&
	    !guard_json(request->content_type)) {
		reply_problem(reply, PROBLEM_MEDIA_TYPE,
		    "The content type must be application/json.");
		return true;
	}
	return false;
}

static bool
refuse_stranger(
    const struct api *api, const struct request *request, struct reply *reply)
{
	if (!guard_host(
		request->host, api->config->web->listen, api->box_name)) {
		reply_problem(reply, PROBLEM_WRONG_HOST,
		    "The Host header names neither this box nor localhost.");
		return true;
	}
	if (!guard_origin(request->origin, request->host)) {
		reply_problem(reply, PROBLEM_FOREIGN_ORIGIN,
		    "The Origin header differs from the Host header.");
		return true;
	}
	return false;
}

/* 1. who asks, 2. for what, 3. may he, 4. in the right form. */
void
router_answer(
    const struct api *api, const struct request *request, struct reply *reply)
{
	const struct route *route;

	if (refuse_stranger(api, request, reply))
		return;
	route = find_route(request, reply);
	if (route == NULL && reply->allow[0] != '\0') {
		reply_problem(reply, PROBLEM_METHOD,
		    "The Allow header lists the methods of this address.");
		return;
	}
	if (route == NULL) {
		reply_problem(reply, PROBLEM_NOT_FOUND,
		    "/api/v1/openapi.json describes what there is.");
		return;
	}
	if ((route->flags & ROUTE_OPEN) == 0 &&
	    !auth_check(api->auth, request->cookie, clock_now().us)) {
		reply_problem(reply, PROBLEM_LOGIN,
		    "POST the password to /api/v1/session.");
		return;
	}
	if (!refuse_change(request, reply))
		route->handler(api, request, reply);
}
