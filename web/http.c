/* SPDX-License-Identifier: MIT */
#include "web/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/router.h"
#include "web/slots.h"
#include "web/stream.h"

enum {
	BACKLOG = 64,
	STACK_SIZE = 1 << 20,
	STREAM_BLOCK = 16 * 1024,
	NEXT_REQUEST_MS = HTTP_IDLE_S * 1000 + HTTP_DEADLINE_MS,
};

struct http {
	const struct api *api;
	struct slots *slots;
	struct MHD_Daemon *daemon;
};

/* One request on its way in. */
struct exchange {
	bool begun;
	bool bad_target;
	bool too_large;
	size_t length;
	char *body;
};

static const char *const headers[][2] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; img-src "
	    "'self' data:; connect-src 'self'; base-uri 'none'; form-action "
	    "'self'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
};

static struct slot *
slot_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void
add_headers(struct MHD_Response *response, const struct reply *reply)
{
	char seconds[16];

	for (unsigned i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	MHD_add_response_header(
	    response, "Cache-Control", reply->keep ? "no-cache" : "no-store");
	if (reply->type != NULL)
		MHD_add_response_header(response, "Content-Type", reply->type);
	if (reply->keep)
		MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (reply->gzip)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	if (reply->etag[0] != '\0')
		MHD_add_response_header(response, "ETag", reply->etag);
	if (reply->set_cookie[0] != '\0')
		MHD_add_response_header(
		    response, "Set-Cookie", reply->set_cookie);
	if (reply->allow[0] != '\0')
		MHD_add_response_header(response, "Allow", reply->allow);
	snprintf(seconds, sizeof(seconds), "%u", reply->retry_after_s);
	if (reply->retry_after_s > 0)
		MHD_add_response_header(response, "Retry-After", seconds);
}

static ssize_t
feed(void *context, uint64_t position, char *buffer, size_t size)
{
	ssize_t length = stream_read(context, buffer, size);

	(void)position;
	return length < 0 ? MHD_CONTENT_READER_END_OF_STREAM : length;
}

static void
drop_stream(void *context)
{
	stream_free(context);
}

/* NULL: no memory. */
static struct MHD_Response *
stream_response(const struct http *http)
{
	struct stream *stream = stream_new(http->api);
	struct MHD_Response *response;

	if (stream == NULL)
		return NULL;
	response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, STREAM_BLOCK, feed, stream, drop_stream);
	if (response == NULL)
		stream_free(stream);
	return response;
}

/* The reply's body goes over to the response. */
static struct MHD_Response *
body_response(struct reply *reply)
{
	enum MHD_ResponseMemoryMode mode = MHD_RESPMEM_PERSISTENT;
	struct MHD_Response *response;
	void *body;

	/* The library only reads it, but its parameter is no const. */
	memcpy(&body, &reply->body, sizeof(body));
	if (reply->owned != NULL)
		mode = MHD_RESPMEM_MUST_FREE;
	response = MHD_create_response_from_buffer(reply->length, body, mode);
	if (response != NULL)
		reply->owned = NULL;
	return response;
}

static enum MHD_Result
send_reply(const struct http *http, struct MHD_Connection *connection,
    struct reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = reply->stream ? stream_response(http) : body_response(reply);
	if (response == NULL) {
		reply_free(reply);
		return MHD_NO;
	}
	add_headers(response, reply);
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
send_problem(const struct http *http, struct MHD_Connection *connection,
    enum problem problem, const char *detail)
{
	struct reply reply = { 0 };

	reply_problem(&reply, problem, detail);
	return send_reply(http, connection, &reply);
}

static const char *
find_query(void *context, const char *name)
{
	const char *value = NULL;

	if (MHD_lookup_connection_value_n(context, MHD_GET_ARGUMENT_KIND, name,
		strlen(name), &value, NULL) != MHD_YES)
		return NULL;
	return value != NULL ? value : "";
}

static enum MHD_Result
answer(const struct http *http, struct MHD_Connection *connection,
    const char *path, const char *method, const struct exchange *exchange)
{
	struct slot *slot = slot_of(connection);
	struct reply reply = { 0 };
	struct request request = {
		.method = method,
		.path = path,
		.host = header(connection, "Host"),
		.origin = header(connection, "Origin"),
		.content_type = header(connection, "Content-Type"),
		.guard = header(connection, "X-Gridshim"),
		.cookie = header(connection, "Cookie"),
		.if_none_match = header(connection, "If-None-Match"),
		.accept_encoding = header(connection, "Accept-Encoding"),
		.query = find_query,
		.query_context = connection,
		.body = exchange->body != NULL ? exchange->body : "",
		.body_length = exchange->length,
	};

	router_answer(http->api, &request, &reply);
	if (reply.stream && strcmp(method, "HEAD") == 0) {
		reply.stream = false;
	} else if (reply.stream && !slots_stream(http->slots, slot)) {
		memset(&reply, 0, sizeof(reply));
		reply_problem(&reply, PROBLEM_TOO_MANY_STREAMS,
		    "Ask /api/v1/state every few seconds instead.");
		reply.retry_after_s = 5;
	}
	return send_reply(http, connection, &reply);
}

struct framing {
	unsigned hosts;
	unsigned lengths;
	unsigned encodings;
};

static enum MHD_Result
count_header(
    void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct framing *framing = context;

	(void)kind;
	(void)value;
	framing->hosts += strcasecmp(key, "Host") == 0;
	framing->lengths += strcasecmp(key, "Content-Length") == 0;
	framing->encodings += strcasecmp(key, "Transfer-Encoding") == 0;
	return MHD_YES;
}

/* The library's parser is lenient. Headers that two programs can read in two
 * ways are refused. */
static bool
is_ambiguous(struct MHD_Connection *connection)
{
	struct framing framing = { 0 };

	MHD_get_connection_values(
	    connection, MHD_HEADER_KIND, count_header, &framing);
	return framing.hosts > 1 || framing.lengths + framing.encodings > 1;
}

/* The headers are there, the body is not. */
static enum MHD_Result
begin(const struct http *http, struct MHD_Connection *connection,
    struct exchange *exchange)
{
	const char *length = header(connection, "Content-Length");

	exchange->begun = true;
	if (exchange->bad_target || is_ambiguous(connection))
		return send_problem(http, connection, PROBLEM_BAD_REQUEST,
		    "The request line or its headers are not well formed.");
	if (length != NULL && strtoull(length, NULL, 10) > REQUEST_BODY_MAX)
		return send_problem(http, connection, PROBLEM_TOO_LARGE,
		    "A body may have 64 kB.");
	return MHD_YES;
}

static enum MHD_Result
collect(struct exchange *exchange, const char *data, size_t *size)
{
	if (exchange->body == NULL)
		exchange->body = malloc(REQUEST_BODY_MAX);
	if (exchange->body == NULL)
		return MHD_NO;
	if (exchange->length + *size > REQUEST_BODY_MAX) {
		exchange->too_large = true;
	} else {
		memcpy(exchange->body + exchange->length, data, *size);
		exchange->length += *size;
	}
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *data, size_t *size,
    void **state)
{
	struct http *http = context;
	struct exchange *exchange = *state;

	(void)version;
	if (exchange == NULL || slot_of(connection) == NULL)
		return MHD_NO;
	if (!exchange->begun)
		return begin(http, connection, exchange);
	if (*size > 0)
		return collect(exchange, data, size);
	if (exchange->too_large)
		return send_problem(http, connection, PROBLEM_TOO_LARGE,
		    "A body may have 64 kB.");
	return answer(http, connection, path, method, exchange);
}

/* Sees the target as it came, before it is unescaped. */
static void *
on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	(void)context;
	(void)connection;
	if (exchange == NULL)
		return NULL;
	exchange->bad_target = *target != '/' || strstr(target, "%00") != NULL;
	for (const char *c = target; *c != '\0'; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			exchange->bad_target = true;
	}
	return exchange;
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct http *http = context;
	struct exchange *exchange = *state;
	struct slot *slot = slot_of(connection);

	(void)why;
	if (slot != NULL)
		slots_renew(http->slots, slot, clock_now(), NEXT_REQUEST_MS);
	if (exchange != NULL)
		free(exchange->body);
	free(exchange);
	*state = NULL;
}

static void
on_connection(void *context, struct MHD_Connection *connection, void **state,
    enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;
	const union MHD_ConnectionInfo *fd, *address;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*state != NULL)
			slots_release(http->slots, *state);
		*state = NULL;
		return;
	}
	fd = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	address = MHD_get_connection_info(
	    connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (fd != NULL && address != NULL)
		*state = slots_take(http->slots, fd->connect_fd,
		    address->client_addr, clock_now(), HTTP_DEADLINE_MS);
}

/* -1: errno tells why. */
static int
open_listener(const struct config_web *web)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	int fd, on = 1, off = 0;
	char port[8];

	snprintf(port, sizeof(port), "%u", web->port);
	if (getaddrinfo(web->listen, port, &hints, &found) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(
	    found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (found->ai_family == AF_INET6)
			setsockopt(
			    fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		if (bind(fd, found->ai_addr, found->ai_addrlen) != 0 ||
		    listen(fd, BACKLOG) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

static struct MHD_Daemon *
start_daemon(struct http *http, int fd)
{
	return MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
				    MHD_USE_INTERNAL_POLLING_THREAD |
				    MHD_USE_POLL,
	    0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)HTTP_PER_ADDRESS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
	    on_target, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
}

struct http *
http_start(const struct api *api)
{
	struct http *http = calloc(1, sizeof(*http));
	int fd;

	if (http == NULL)
		return NULL;
	http->api = api;
	http->slots = slots_new(HTTP_STREAMS, HTTP_STREAMS_PER_ADDRESS);
	fd = open_listener(api->config->web);
	if (fd >= 0 && http->slots != NULL) {
		http->daemon = start_daemon(http, fd);
		if (http->daemon == NULL)
			close(fd);
	}
	if (http->daemon != NULL)
		return http;
	if (http->slots != NULL)
		slots_free(http->slots);
	free(http);
	return NULL;
}

void
http_sweep(struct http *http)
{
	slots_sweep(http->slots, clock_now());
}

void
http_stop(struct http *http)
{
	MHD_stop_daemon(http->daemon);
	slots_free(http->slots);
	free(http);
}
