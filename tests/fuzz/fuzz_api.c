/* SPDX-License-Identifier: MIT */
/*
 * Any request through the router: no crash, and every reply has a status.
 * Input: lines for method, path, host, origin, content type, cookie, query
 * value; the rest is the body. The proxy's socket is closed, so orders end as
 * "busy" at once.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/config.h"
#include "web/auth.h"
#include "web/live.h"
#include "web/past.h"
#include "web/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The configuration owns its texts, so they are no constants. */
#define TEXT(text) ((char[]){ text })

static struct config_site site = { .name = TEXT("home") };
static struct config_shown shown = { .name = TEXT("meter"),
	.line = TEXT("inv1"),
	.source = TEXT("grid"),
	.limit_w = 3000,
	.slew_w_per_s = 1000,
	.max_age_ms = 1500 };
static struct config_storage storage = { .path =
					     TEXT("/nonexistent/history.db") };
static struct config_web web = { .listen = TEXT("127.0.0.1"), .port = 8080 };
static struct config config = { .site = &site,
	.shown = &shown,
	.shown_count = 1,
	.storage = &storage,
	.web = &web };

static const char *
query(void *context, const char *name)
{
	(void)name;
	return context;
}

static const struct api *
make_api(void)
{
	static struct api api = { .config = &config };
	int pair[2];

	if (api.live != NULL)
		return &api;
	assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	close(pair[1]);
	api.live = live_new(pair[0]);
	api.auth = auth_new(NULL);
	api.past = past_new(storage.path);
	return &api;
}

/* Cuts the next line off; an empty one is an absent header. */
static char *
next_line(char **rest)
{
	char *line = strsep(rest, "\n");

	return line != NULL && *line != '\0' ? line : NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(size + 1, 1), *rest = text, *method, *path;
	struct request request = { .guard = "1", .query = query };
	struct reply reply = { 0 };

	assert(text != NULL);
	memcpy(text, data, size);
	method = next_line(&rest);
	path = next_line(&rest);
	request.method = method != NULL ? method : "PUT";
	request.path = path != NULL ? path : "/api/v1/offset";
	request.host = next_line(&rest);
	if (request.host == NULL)
		request.host = "localhost";
	request.origin = next_line(&rest);
	request.content_type = next_line(&rest);
	if (request.content_type == NULL)
		request.content_type = "application/json";
	request.cookie = next_line(&rest);
	request.query_context = next_line(&rest);
	request.body = rest != NULL ? rest : "";
	request.body_length = rest != NULL ? size - (size_t)(rest - text) : 0;
	router_answer(make_api(), &request, &reply);
	assert(reply.status >= 200 && reply.status < 600);
	reply_free(&reply);
	free(text);
	return 0;
}
