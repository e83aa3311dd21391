/* SPDX-License-Identifier: MIT */
/*
 * HTTP by libmicrohttpd, a thread a connection, so that a long query delays
 * nobody else. Knows connections and limits; what is answered is router.h's.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>

#include "web/api.h"

enum {
	HTTP_CONNECTIONS = 64,
	HTTP_PER_ADDRESS = 32, /* two browsers and a reverse proxy fit */
	HTTP_STREAMS = 16,
	/* Fewer than the connections of an address: Stop must get through. */
	HTTP_STREAMS_PER_ADDRESS = 8,
	HTTP_IDLE_S = 15,
	HTTP_DEADLINE_MS = 10000, /* of a request, from its first byte */
};

struct http;

/* Listens where the configuration says. NULL: errno tells why not. */
struct http *http_start(const struct api *api);

/* Ends connections whose request takes longer than its deadline; call a few
 * times a second. */
void http_sweep(struct http *http);

/* Ends all connections; live_stop must have been called. */
void http_stop(struct http *http);

#endif
