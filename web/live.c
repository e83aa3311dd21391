/* SPDX-License-Identifier: MIT */
#include "web/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"

enum { ORDERS_MAX = 16 };

/* Somebody waits for the result of a request; number 0: free. */
struct order {
	uint32_t number;
	bool done;
	struct message_result result;
};

struct live {
	int proxy_fd;
	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t news;
	bool stopped;
	bool told_bad;
	uint32_t last_number;
	struct order orders[ORDERS_MAX];
	struct live_view view;
	struct live_line lines[CONFIG_LINES_MAX];
};

struct live *
live_new(int proxy_fd)
{
	struct live *live = calloc(1, sizeof(*live));
	pthread_condattr_t monotonic;

	if (live == NULL)
		return NULL;
	live->proxy_fd = proxy_fd;
	pthread_mutex_init(&live->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&live->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return live;
}

void
live_free(struct live *live)
{
	pthread_cond_destroy(&live->news);
	pthread_mutex_destroy(&live->mutex);
	free(live);
}

static void
take_snapshot(struct live *live, const struct message_snapshot *snapshot)
{
	live->view.snapshot[snapshot->shown] = *snapshot;
	live->view.known[snapshot->shown] = true;
	live->view.received[snapshot->shown] = clock_now();
	live->view.sequence++;
}

static struct order *
find_order(struct live *live, uint32_t number)
{
	for (unsigned i = 0; i < ORDERS_MAX; i++) {
		if (live->orders[i].number == number)
			return &live->orders[i];
	}
	return NULL;
}

static void
take_result(struct live *live, const struct message_result *result)
{
	struct order *order = NULL;

	if (result->request != 0)
		order = find_order(live, result->request);
	if (order == NULL)
		return; /* its asker has given up, or was in an earlier life */
	order->result = *result;
	order->done = true;
}

/* A proxy that was started again counts from zero, and what its predecessor
 * has said does not hold any more. */
static struct live_line *
line_since(struct live *live, uint32_t index, int64_t since_us)
{
	struct live_line *line = &live->lines[index];

	if (line->line.since_us != since_us)
		*line = (struct live_line){ .line.since_us = since_us };
	return line;
}

static void
take_line(struct live *live, const struct message_line *line)
{
	struct live_line *known = line_since(live, line->line, line->since_us);

	known->line = *line;
	known->known = true;
	known->received = clock_now();
}

static void
take_unit(struct live *live, const struct message_unit *unit)
{
	struct live_line *known = line_since(live, unit->line, unit->since_us);

	known->units[unit->slot] = *unit;
	known->unit_known[unit->slot] = true;
}

static void
take_asked(struct live *live, const struct message_asked *asked)
{
	line_since(live, asked->line, asked->since_us)->asked[asked->slot] =
	    *asked;
}

static void
take(struct live *live, const struct message *message)
{
	pthread_mutex_lock(&live->mutex);
	if (message->type == MESSAGE_SNAPSHOT)
		take_snapshot(live, &message->body.snapshot);
	else if (message->type == MESSAGE_RESULT)
		take_result(live, &message->body.result);
	else if (message->type == MESSAGE_LINE)
		take_line(live, &message->body.line);
	else if (message->type == MESSAGE_UNIT)
		take_unit(live, &message->body.unit);
	else if (message->type == MESSAGE_ASKED)
		take_asked(live, &message->body.asked);
	pthread_cond_broadcast(&live->news);
	pthread_mutex_unlock(&live->mutex);
}

bool
live_receive(struct live *live)
{
	struct message message;
	enum message_status status;

	while ((status = message_receive(live->proxy_fd, &message)) !=
	       MESSAGE_AGAIN) {
		if (status == MESSAGE_GONE)
			return false;
		if (status == MESSAGE_DONE)
			take(live, &message);
		else if (!live->told_bad)
			log_warnx("message from the proxy refused");
		live->told_bad = live->told_bad || status == MESSAGE_BAD;
	}
	return true;
}

void
live_read(struct live *live, struct live_view *view)
{
	pthread_mutex_lock(&live->mutex);
	*view = live->view;
	pthread_mutex_unlock(&live->mutex);
}

void
live_read_line(struct live *live, unsigned index, struct live_line *line)
{
	pthread_mutex_lock(&live->mutex);
	*line = live->lines[index];
	pthread_mutex_unlock(&live->mutex);
}

static struct timespec
deadline_in(int64_t timeout_ms)
{
	int64_t at_us = mono_add_ms(clock_now(), timeout_ms).us;

	return (struct timespec){ .tv_sec = at_us / 1000000,
		.tv_nsec = at_us % 1000000 * 1000 };
}

enum live_wake
live_wait(struct live *live, uint64_t sequence, int64_t timeout_ms)
{
	struct timespec deadline = deadline_in(timeout_ms);
	enum live_wake wake = LIVE_NEWS;

	pthread_mutex_lock(&live->mutex);
	while (!live->stopped && live->view.sequence == sequence &&
	       wake == LIVE_NEWS) {
		if (pthread_cond_timedwait(
			&live->news, &live->mutex, &deadline) == ETIMEDOUT)
			wake = LIVE_TIMEOUT;
	}
	if (live->stopped)
		wake = LIVE_STOPPED;
	pthread_mutex_unlock(&live->mutex);
	return wake;
}

void
live_stop(struct live *live)
{
	pthread_mutex_lock(&live->mutex);
	live->stopped = true;
	pthread_cond_broadcast(&live->news);
	pthread_mutex_unlock(&live->mutex);
}

bool
live_pause(struct live *live, int64_t ms)
{
	struct timespec deadline = deadline_in(ms);
	bool stopped;

	pthread_mutex_lock(&live->mutex);
	while (!live->stopped && pthread_cond_timedwait(&live->news,
				     &live->mutex, &deadline) != ETIMEDOUT)
		continue;
	stopped = live->stopped;
	pthread_mutex_unlock(&live->mutex);
	return !stopped;
}

/* With the mutex held. NULL: too many wait already. */
static struct order *
open_order(struct live *live, struct message_offset *offset)
{
	struct order *order = find_order(live, 0);
	struct message message;

	if (order == NULL || live->stopped)
		return NULL;
	if (++live->last_number == 0)
		live->last_number = 1;
	offset->request = live->last_number;
	message_init(&message, MESSAGE_OFFSET);
	message.body.offset = *offset;
	if (message_send(live->proxy_fd, &message) != MESSAGE_DONE)
		return NULL;
	order->number = live->last_number;
	order->done = false;
	return order;
}

enum live_order
live_offset(struct live *live, struct message_offset *offset,
    struct message_result *result)
{
	struct timespec deadline = deadline_in(LIVE_ANSWER_MS);
	enum live_order outcome = LIVE_BUSY;
	struct order *order;

	pthread_mutex_lock(&live->mutex);
	order = open_order(live, offset);
	if (order != NULL) {
		outcome = LIVE_SILENT;
		while (!order->done && !live->stopped) {
			if (pthread_cond_timedwait(&live->news, &live->mutex,
				&deadline) == ETIMEDOUT)
				break;
		}
		if (order->done) {
			*result = order->result;
			outcome = LIVE_ANSWERED;
		}
		order->number = 0;
	}
	pthread_mutex_unlock(&live->mutex);
	return outcome;
}
