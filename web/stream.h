/* SPDX-License-Identifier: MIT */
/*
 * One reader of the live stream (server-sent events). It makes its next event
 * only when the last one has gone out, from what is newest then: a slow reader
 * misses states, and never gets old ones.
 */
#ifndef WEB_STREAM_H
#define WEB_STREAM_H

#include <sys/types.h>

#include "web/api.h"

enum {
	STREAM_PACE_MS = 200, /* not more often */
	STREAM_QUIET_MS = 10000, /* a comment when nothing happens */
	STREAM_RETRY_MS = 2000,
};

struct stream;

/* NULL: no memory. */
struct stream *stream_new(const struct api *api);
void stream_free(struct stream *stream);

/* Waits for the next event and copies as much of it as fits. Returns how much,
 * or -1 when the stream is over. */
ssize_t stream_read(struct stream *stream, char *buffer, size_t size);

#endif
