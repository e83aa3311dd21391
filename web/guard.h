/* SPDX-License-Identifier: MIT */
/* Keeps other sites' pages from talking to the box through a browser inside
 * the house. Pure. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include <stdbool.h>

/*
 * May a request say this Host? Loopback names and addresses, and the address
 * we listen on, with any port (it may be forwarded). When we listen on all
 * addresses: any numeric address, box_name and box_name.local. A name that
 * an attacker points at us (DNS rebinding) is none of these.
 */
bool guard_host(const char *host, const char *listen, const char *box_name);

/* Is the page that asks one of ours? origin NULL: no page asks. */
bool guard_origin(const char *origin, const char *host);

/* "application/json", with or without parameters. */
bool guard_json(const char *content_type);

#endif
