/* SPDX-License-Identifier: MIT */
/* One HTTP request as plain data: filled in by http.c, or by a test. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_BODY_MAX = 64 * 1024, REQUEST_JSON_DEPTH = 16 };

/* All borrowed; header fields are NULL when the request has none. */
struct request {
	const char *method;
	const char *path;
	const char *host;
	const char *origin;
	const char *content_type;
	const char *guard; /* X-Gridshim */
	const char *cookie;
	const char *if_none_match;
	const char *accept_encoding;
	/* The value of ?name=, "" for a bare ?name, NULL when it is absent. */
	const char *(*query)(void *context, const char *name);
	void *query_context;
	const char *body;
	size_t body_length;
};

const char *request_query(const struct request *request, const char *name);

/* A number (by name: -600, 1e3) in ?name=. Absent: *value is left. False: it
 * is there and no finite number. */
bool request_number(
    const struct request *request, const char *name, double *value);

/* The body, an object of at most REQUEST_JSON_DEPTH levels. NULL: it is not;
 * *why is static. The caller owns the result. */
json_t *request_json(const struct request *request, const char **why);

#endif
