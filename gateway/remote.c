/* SPDX-License-Identifier: MIT */
#include "gateway/remote.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "gateway/config.h"
#include "gateway/options.h"

enum { ANSWER_MAX = 1 << 20, TIMEOUT_S = 10 };

struct remote {
	CURL *curl;
	struct curl_slist *headers;
	char base[256];
	char *answer;
	size_t length;
};

static size_t
collect(char *bytes, size_t size, size_t count, void *context)
{
	struct remote *remote = context;
	size_t more = size * count;
	char *grown;

	if (remote->length + more >= ANSWER_MAX)
		return 0;
	grown = realloc(remote->answer, remote->length + more + 1);
	if (grown == NULL)
		return 0;
	memcpy(grown + remote->length, bytes, more);
	remote->answer = grown;
	remote->length += more;
	remote->answer[remote->length] = '\0';
	return more;
}

/* Where it runs: as told, or as the configuration says. */
static bool
find_base(struct remote *remote, const struct options *options)
{
	char error[512];
	struct config *config;
	const char *host;

	if (options->url != NULL) {
		snprintf(
		    remote->base, sizeof(remote->base), "%s", options->url);
		return true;
	}
	config = config_load(options->config_file, error, sizeof(error));
	if (config == NULL) {
		fprintf(stderr, "%s\n(or say --url http://HOST:PORT)\n", error);
		return false;
	}
	host = config->web->listen;
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0)
		host = "127.0.0.1";
	snprintf(remote->base, sizeof(remote->base),
	    strchr(host, ':') != NULL ? "http://[%s]:%u" : "http://%s:%u", host,
	    config->web->port);
	config_free(config);
	return true;
}

static bool
remote_open(struct remote *remote, const struct options *options)
{
	memset(remote, 0, sizeof(*remote));
	if (!find_base(remote, options))
		return false;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	remote->curl = curl_easy_init();
	remote->headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	remote->headers = curl_slist_append(remote->headers, "X-Gridshim: 1");
	return remote->curl != NULL;
}

static void
remote_close(struct remote *remote)
{
	curl_slist_free_all(remote->headers);
	curl_easy_cleanup(remote->curl);
	curl_global_cleanup();
	free(remote->answer);
}

/* The HTTP status; 0 when nothing answered (said on stderr). */
static long
call(struct remote *remote, const char *method, const char *path,
    const char *body)
{
	char url[320];
	long status = 0;
	CURLcode code;

	free(remote->answer);
	remote->answer = NULL;
	remote->length = 0;
	snprintf(url, sizeof(url), "%s/api/v1%s", remote->base, path);
	curl_easy_setopt(remote->curl, CURLOPT_URL, url);
	curl_easy_setopt(remote->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(remote->curl, CURLOPT_HTTPHEADER, remote->headers);
	curl_easy_setopt(remote->curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(remote->curl, CURLOPT_WRITEDATA, remote);
	curl_easy_setopt(remote->curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(remote->curl, CURLOPT_COOKIEFILE, "");
	/* Without a body it must be a GET to curl, or it reads stdin. */
	if (body != NULL)
		curl_easy_setopt(remote->curl, CURLOPT_POSTFIELDS, body);
	else
		curl_easy_setopt(remote->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(remote->curl, CURLOPT_CUSTOMREQUEST, method);
	code = curl_easy_perform(remote->curl);
	if (code != CURLE_OK) {
		fprintf(stderr, "gridshim: %s: %s; is it running\n",
		    remote->base, curl_easy_strerror(code));
		return 0;
	}
	curl_easy_getinfo(remote->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* Why the other side refused, in its own words. */
static void
complain(const struct remote *remote, long status)
{
	const char *text = remote->answer != NULL ? remote->answer : "";
	json_t *problem = json_loads(text, 0, NULL);
	const char *why = json_string_value(json_object_get(problem, "detail"));

	fprintf(stderr, "gridshim: refused (%ld): %s\n", status,
	    why != NULL ? why : "no reason given");
	json_decref(problem);
}

static bool
log_in(struct remote *remote)
{
	const char *password = getenv("GRIDSHIM_PASSWORD");
	json_t *body;
	char *text;
	long status;

	if (password == NULL) {
		fprintf(stderr,
		    "gridshim: %s wants a login; put the password "
		    "into GRIDSHIM_PASSWORD\n",
		    remote->base);
		return false;
	}
	body = json_pack("{s:s}", "password", password);
	text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	status = text != NULL ? call(remote, "POST", "/session", text) : 0;
	free(text);
	json_decref(body);
	if (status >= 200 && status < 300)
		return true;
	if (status != 0)
		complain(remote, status);
	return false;
}

/* Like call, logging in on the way if need be. */
static int
ask(struct remote *remote, const char *method, const char *path,
    const char *body)
{
	long status = call(remote, method, path, body);

	if (status == 401) {
		if (!log_in(remote))
			return EX_NOPERM;
		status = call(remote, method, path, body);
	}
	if (status >= 200 && status < 300)
		return EX_OK;
	if (status == 0)
		return EX_UNAVAILABLE;
	complain(remote, status);
	return EX_DATAERR;
}

static double
watts(const json_t *shown, const char *key)
{
	return json_number_value(
	    json_object_get(json_object_get(shown, key), "v"));
}

static void
print_lease(const json_t *lease)
{
	if (!json_is_object(lease)) {
		printf("  offset set     none\n");
		return;
	}
	printf("  offset set     %+.0f W by %s, %.0f s left\n",
	    json_number_value(json_object_get(lease, "value_w")),
	    json_string_value(json_object_get(lease, "owner")),
	    json_number_value(json_object_get(lease, "remaining_s")));
}

static void
print_shown(const json_t *shown)
{
	const json_t *grid = json_object_get(shown, "true");

	printf("%s: %s\n", json_string_value(json_object_get(shown, "name")),
	    json_string_value(json_object_get(shown, "state")));
	printf("  grid           %+.0f W (import positive), %.0f ms old\n",
	    watts(shown, "true"),
	    json_number_value(json_object_get(grid, "age_ms")));
	printf("  inverter sees  %+.0f W\n", watts(shown, "shown"));
	printf("  offset now     %+.0f W\n", watts(shown, "offset"));
	print_lease(json_object_get(shown, "lease"));
	printf("  why            %s\n",
	    json_string_value(json_object_get(shown, "sentence")));
}

int
remote_status(const struct options *options)
{
	struct remote remote;
	json_t *state, *shown;
	size_t index;
	int code;

	if (!remote_open(&remote, options))
		return EX_CONFIG;
	code = ask(&remote, "GET", "/state", NULL);
	if (code == EX_OK && options->json) {
		puts(remote.answer);
	} else if (code == EX_OK) {
		state = json_loads(remote.answer, 0, NULL);
		json_array_foreach(json_object_get(state, "shown"), index,
		    shown) print_shown(shown);
		json_decref(state);
	}
	remote_close(&remote);
	return code;
}

/* The whole of a number, within the range; nothing behind it. */
static bool
parse_number(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && *end == '\0';
}

static bool
offset_body(const struct options *options, char *body, size_t size)
{
	double watts_wanted, seconds;

	if (options->arguments_count != 2 ||
	    !parse_number(options->arguments[0], &watts_wanted) ||
	    !parse_number(options->arguments[1], &seconds)) {
		fprintf(stderr, "usage: gridshim offset W SECONDS | stop, "
				"as in: gridshim offset -500 3600\n");
		return false;
	}
	snprintf(body, size,
	    "{\"value_w\":%.3f,\"duration_s\":%.0f,\"owner\":\"cli\"}",
	    watts_wanted, seconds);
	return true;
}

int
remote_offset(const struct options *options)
{
	struct remote remote;
	char body[160];
	bool stop;
	int code;

	stop = options->arguments_count == 1 &&
	       strcmp(options->arguments[0], "stop") == 0;
	if (!stop && !offset_body(options, body, sizeof(body)))
		return EX_USAGE;
	if (!remote_open(&remote, options))
		return EX_CONFIG;
	code = stop ? ask(&remote, "DELETE", "/offset", NULL)
	            : ask(&remote, "PUT", "/offset", body);
	if (code == EX_OK)
		puts(stop ? "offset ended, ramping to zero" : "offset set");
	remote_close(&remote);
	return code;
}
