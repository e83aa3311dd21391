/* SPDX-License-Identifier: MIT */
/* The connections there are, since when they keep us waiting, and which of
 * them are live streams. Safe to call from several threads. */
#ifndef WEB_SLOTS_H
#define WEB_SLOTS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "gateway/clock.h"

enum { SLOTS_MAX = 80 }; /* some more than HTTP_CONNECTIONS: late releases */

struct slots;
struct slot;

struct slots *slots_new(unsigned streams, unsigned streams_per_address);
void slots_free(struct slots *slots);

/* A connection begins; it has deadline_ms for its first request. fd is
 * borrowed until slots_release. NULL: all are taken. */
struct slot *slots_take(struct slots *slots, int fd,
    const struct sockaddr *address, struct mono now, int64_t deadline_ms);
void slots_release(struct slots *slots, struct slot *slot);

/* A request has been answered; so much time for the next. */
void slots_renew(struct slots *slots, struct slot *slot, struct mono now,
    int64_t deadline_ms);

/* The answer is a stream, which may take for ever. False: too many. */
bool slots_stream(struct slots *slots, struct slot *slot);

/* Shuts the sockets of those whose time is over. */
void slots_sweep(struct slots *slots, struct mono now);

#endif
