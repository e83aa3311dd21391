/* SPDX-License-Identifier: MIT */
/*
 * What the proxy last said, shared between the thread that listens to it and
 * the threads that serve pages. The one place in here where they meet.
 */
#ifndef WEB_LIVE_H
#define WEB_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/message.h"

enum { LIVE_ANSWER_MS = 1000 }; /* how long an order may wait for a result */

struct live;

struct live_view {
	uint64_t sequence; /* counts what has come; 0: nothing yet */
	bool known[CONFIG_SHOWN_MAX];
	struct mono received[CONFIG_SHOWN_MAX];
	struct message_snapshot snapshot[CONFIG_SHOWN_MAX];
};

/* What is known of one line; zeros for what was not heard of yet. */
struct live_line {
	bool known;
	struct mono received; /* of the line's own counters */
	struct message_line line;
	bool unit_known[MESSAGE_UNITS];
	struct message_unit units[MESSAGE_UNITS];
	struct message_asked asked[MESSAGE_ASKED_MAX]; /* times 0: free */
};

/* proxy_fd is borrowed. NULL: no memory. */
struct live *live_new(int proxy_fd);
/* No other thread may be inside any more. */
void live_free(struct live *live);

/* Takes in all that has arrived on proxy_fd; never blocks. False: the other
 * side has closed. */
bool live_receive(struct live *live);

/* A copy of the newest. */
void live_read(struct live *live, struct live_view *view);

/* The same of one line, by its index in the configuration. */
void live_read_line(struct live *live, unsigned index, struct live_line *line);

enum live_wake { LIVE_NEWS, LIVE_TIMEOUT, LIVE_STOPPED };

/* Waits until something newer than `sequence` is there. */
enum live_wake live_wait(
    struct live *live, uint64_t sequence, int64_t timeout_ms);

/* Waits for the time alone. False: stopped meanwhile. */
bool live_pause(struct live *live, int64_t ms);

/* Wakes everybody who waits, for good. */
void live_stop(struct live *live);

enum live_order {
	LIVE_ANSWERED,
	LIVE_BUSY, /* the proxy takes nothing at the moment */
	LIVE_SILENT /* no result in time: it may or may not have been done */
};

/* Orders an offset and waits for the result. Numbers the request itself. */
enum live_order live_offset(struct live *live, struct message_offset *offset,
    struct message_result *result);

#endif
