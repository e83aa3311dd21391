/* SPDX-License-Identifier: MIT */
#include "web/request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *
request_query(const struct request *request, const char *name)
{
	if (request->query == NULL)
		return NULL;
	return request->query(request->query_context, name);
}

bool
request_number(const struct request *request, const char *name, double *value)
{
	const char *text = request_query(request, name);
	double parsed;
	char *end;

	if (text == NULL)
		return true;
	/* No blanks, no "nan", no hexadecimal. */
	if (*text == '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
		return false;
	parsed = strtod(text, &end);
	if (*end != '\0' || !isfinite(parsed))
		return false;
	*value = parsed;
	return true;
}

/* The parser recurses, so the depth is counted before it runs. */
static bool
depth_ok(const char *text, size_t length)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && (text[i] == '{' || text[i] == '['))
			depth++;
		else if (!quoted && (text[i] == '}' || text[i] == ']'))
			depth--;
		if (depth > REQUEST_JSON_DEPTH)
			return false;
	}
	return true;
}

json_t *
request_json(const struct request *request, const char **why)
{
	json_t *body;

	*why = "The body is nested too deeply.";
	if (!depth_ok(request->body, request->body_length))
		return NULL;
	*why = "The body is not JSON.";
	body = json_loadb(
	    request->body, request->body_length, JSON_REJECT_DUPLICATES, NULL);
	if (body == NULL)
		return NULL;
	if (json_is_object(body))
		return body;
	*why = "The body is not a JSON object.";
	json_decref(body);
	return NULL;
}
