/* SPDX-License-Identifier: MIT */
#include "web/stream.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "web/live.h"
#include "web/state.h"

struct stream {
	const struct api *api;
	uint64_t sequence; /* of the last event */
	uint64_t id;
	struct mono last; /* when it was made; 0: never */
	char *text;
	size_t length;
	size_t sent;
};

struct stream *
stream_new(const struct api *api)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream != NULL)
		stream->api = api;
	return stream;
}

void
stream_free(struct stream *stream)
{
	free(stream->text);
	free(stream);
}

static void
set_text(struct stream *stream, char *text)
{
	free(stream->text);
	stream->text = text;
	stream->length = text != NULL ? strlen(text) : 0;
	stream->sent = 0;
}

static void
make_event(struct stream *stream)
{
	struct live_view view;
	char *data, *text = NULL;
	json_t *json;

	live_read(stream->api->live, &view);
	stream->sequence = view.sequence;
	stream->last = clock_now();
	json = state_json(stream->api, &view, stream->last);
	data = json != NULL
	           ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12))
	           : NULL;
	json_decref(json);
	if (data != NULL &&
	    asprintf(&text, "id: %llu\nevent: snapshot\ndata: %s\n\n",
		(unsigned long long)++stream->id, data) < 0)
		text = NULL;
	free(data);
	set_text(stream, text);
}

/* False: the end. */
static bool
next_event(struct stream *stream)
{
	enum live_wake wake;
	char *text = NULL;

	if (!mono_is_set(stream->last)) {
		stream->last = clock_now();
		if (asprintf(&text, "retry: %d\n\n", STREAM_RETRY_MS) < 0)
			text = NULL;
		set_text(stream, text);
		stream->sequence = UINT64_MAX; /* the first one at once */
		return text != NULL;
	}
	wake = live_wait(stream->api->live, stream->sequence, STREAM_QUIET_MS);
	if (wake == LIVE_STOPPED)
		return false;
	if (wake == LIVE_NEWS)
		make_event(stream);
	else
		set_text(stream, strdup(": quiet\n\n"));
	return stream->text != NULL;
}

/* Holds the next event back until its time has come. False: the end. */
static bool
pace(struct stream *stream)
{
	int64_t left_ms;

	if (stream->id == 0)
		return true;
	left_ms =
	    STREAM_PACE_MS - mono_diff_us(clock_now(), stream->last) / 1000;
	return left_ms <= 0 || live_pause(stream->api->live, left_ms);
}

ssize_t
stream_read(struct stream *stream, char *buffer, size_t size)
{
	size_t part;

	while (stream->sent == stream->length) {
		if (!pace(stream) || !next_event(stream))
			return -1;
	}
	part = stream->length - stream->sent;
	if (part > size)
		part = size;
	memcpy(buffer, stream->text + stream->sent, part);
	stream->sent += part;
	return (ssize_t)part;
}
