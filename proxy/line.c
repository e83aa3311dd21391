/* SPDX-License-Identifier: MIT */
#include "proxy/line.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "proxy/line_kind.h"

enum {
	LINE_MAGIC = 0x6c696e65,
};

/* udev takes a moment to name a device and to let us have it. */
#define PLUGGED_S      0.05
#define REOPEN_FIRST_S 0.2
#define REOPEN_LAST_S  3.0
#define CONNECT_S      3.0

static struct line *
line_of(void *data)
{
	struct line *line = data;

	assert(line->magic == LINE_MAGIC);
	return line;
}

/* The answer to a hang-up, an error and a failed open is the same: close, and
 * try again a little later, ever more patiently. */
static void
line_down(struct line *line, const char *error)
{
	if (line->fd >= 0) {
		ev_io_stop(line->loop, &line->readable);
		ev_timer_stop(line->loop, &line->gap);
		line->kind->close(line);
		line->fd = -1;
		line->connecting = false;
	}
	ev_timer_set(&line->reopen, line->reopen_s, 0.0);
	ev_timer_start(line->loop, &line->reopen);
	line->reopen_s *= 2.0;
	if (line->reopen_s > REOPEN_LAST_S)
		line->reopen_s = REOPEN_LAST_S;
	if (!line->told_down) {
		line->told_down = true;
		line->calls->changed(line->owner, false, error);
	}
}

static void
line_up(struct line *line)
{
	line->connecting = false;
	ev_io_stop(line->loop, &line->readable);
	ev_io_set(&line->readable, line->fd, EV_READ);
	ev_io_start(line->loop, &line->readable);
	line->reopen_s = REOPEN_FIRST_S;
	line->told_down = false;
	line->opened++;
	line->calls->changed(line->owner, true, "");
}

static void
line_open(struct line *line)
{
	line->fd = line->kind->open(line);
	if (line->fd < 0) {
		line_down(line, line->kind->open_error(errno));
		return;
	}
	if (!line->connecting) {
		line_up(line);
		return;
	}
	ev_io_set(&line->readable, line->fd, EV_WRITE);
	ev_io_start(line->loop, &line->readable);
	ev_timer_set(&line->reopen, CONNECT_S, 0.0);
	ev_timer_start(line->loop, &line->reopen);
}

/* The connection is there, or will not be. */
static void
connected(struct line *line)
{
	int error = 0;
	socklen_t length = sizeof(error);

	ev_timer_stop(line->loop, &line->reopen);
	if (getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	if (error != 0)
		line_down(line, line->kind->open_error(error));
	else
		line_up(line);
}

static void
on_reopen(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct line *line = line_of(timer->data);

	(void)loop;
	(void)events;
	if (line->connecting)
		line_down(line, line->kind->open_error(ETIMEDOUT));
	else
		line_open(line);
}

/* Not stopped when a frame is complete: it looks at the clock when it fires,
 * which costs less than arming it anew for every byte. */
static void
gap_arm(struct line *line)
{
	if (!rtu_pending(&line->rtu) || ev_is_active(&line->gap))
		return;
	ev_timer_set(&line->gap, (double)line->gap_us / 1e6, 0.0);
	ev_timer_start(line->loop, &line->gap);
}

/* True: bytes came, or the line went down; whoever looks at the time since the
 * last byte must begin anew. */
static bool
receive(struct line *line)
{
	enum line_got got = line->kind->receive(line);

	if (got == LINE_LOST)
		line_down(line, line->config->tcp != NULL
				    ? "the connection was closed"
				    : "the device is gone");
	if (got == LINE_BYTES) {
		line->calls->received(line->owner, line->last_byte);
		gap_arm(line);
	}
	return got != LINE_NOTHING;
}

static void
on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct line *line = line_of(watcher->data);

	(void)loop;
	(void)events;
	if (line->connecting)
		connected(line);
	else
		receive(line);
}

static void
on_gap(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct line *line = line_of(timer->data);
	int64_t left_us;

	(void)events;
	if (!rtu_pending(&line->rtu))
		return;
	/* If the machine was held up, the bytes that end this silence wait in
	 * the driver, and libev runs timers before them. */
	if (receive(line))
		return;
	left_us = line->gap_us - mono_diff_us(clock_now(), line->last_byte);
	if (left_us > 0) {
		ev_timer_set(timer, (double)left_us / 1e6, 0.0);
		ev_timer_start(loop, timer);
		return;
	}
	line_serial_silence(line);
	line->calls->received(line->owner, line->last_byte);
}

static void
on_timer(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct line *line = line_of(watcher->data);
	struct mono now, wanted = line->armed;
	uint64_t expirations;

	(void)loop;
	(void)events;
	if (read(line->timer_fd, &expirations, sizeof(expirations)) <= 0)
		return;
	now = clock_now();
	wakeup_fired(&line->wakeup, now);
	/* At most WAKEUP_EARLY_MAX_US. */
	while (!mono_reached(now, wanted))
		now = clock_now();
	line->armed = (struct mono){ 0 };
	line->calls->timer(line->owner, now);
}

void
line_wake(struct line *line, struct mono at)
{
	struct itimerspec when = { 0 };

	/* Asked for with every byte that comes, and mostly the same. */
	if (at.us == line->armed.us)
		return;
	line->armed = at;
	at = wakeup_set(&line->wakeup, at, clock_now());
	/* Zero would disarm it; a microsecond after boot is past anyway. */
	if (at.us <= 0)
		at.us = 1;
	when.it_value.tv_sec = at.us / 1000000;
	when.it_value.tv_nsec = at.us % 1000000 * 1000;
	timerfd_settime(line->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

bool
line_is_up(const struct line *line)
{
	return line->fd >= 0 && !line->connecting;
}

bool
line_send(struct line *line, const uint8_t *unit_and_pdu, size_t length)
{
	return line_is_up(line) && line->kind->send(line, unit_and_pdu, length);
}

void
line_plugged(struct line *line)
{
	if (line->fd >= 0 || line->config->tcp != NULL)
		return;
	line->reopen_s = REOPEN_FIRST_S;
	/* Never put off: a folder where much happens would keep it down. */
	if (ev_timer_remaining(line->loop, &line->reopen) <= PLUGGED_S)
		return;
	ev_timer_stop(line->loop, &line->reopen);
	ev_timer_set(&line->reopen, PLUGGED_S, 0.0);
	ev_timer_start(line->loop, &line->reopen);
}

void
line_describe(const struct line *line, char *text, size_t size)
{
	const struct config_line *config = line->config;

	if (config->tcp != NULL)
		snprintf(text, size, "%s port %u", config->tcp, config->port);
	else
		snprintf(text, size, "%s, %u baud %s%s", config->serial,
		    config->baud, config->format,
		    line->port.rs485_refused
			? "; its driver has no RS485 mode, so the adapter has "
			  "to switch by itself"
			: "");
}

enum hint
line_hint(struct line *line, struct mono now)
{
	line->counts.frames = line->rtu.frames + line->rtu.passed;
	return hint_look(
	    &line->hint, &line->counts, line_wire_us(line, 1), now);
}

void
line_drain(struct line *line)
{
	if (line_is_up(line))
		line->kind->drain(line);
}

int64_t
line_wire_us(const struct line *line, size_t bytes)
{
	return line->config->tcp != NULL ? 0
	                                 : rtu_wire_us(line->config->baud,
					       line->character_bits, bytes);
}

bool
line_start(struct line *line, struct ev_loop *loop,
    const struct config_line *config, unsigned index,
    enum rtu_direction direction, const struct line_owner *calls, void *owner)
{
	memset(line, 0, sizeof(*line));
	line->magic = LINE_MAGIC;
	line->config = config;
	line->index = index;
	line->loop = loop;
	line->calls = calls;
	line->owner = owner;
	line->fd = -1;
	line->reopen_s = REOPEN_FIRST_S;
	rtu_init(&line->rtu, direction);
	line->kind = line_tcp_kind();
	if (config->tcp == NULL) {
		line->kind = line_serial_kind();
		line->t35_us = rtu_t35_us(config->baud);
		line->character_bits = port_character_bits(config->format);
	}
	if (line->kind->init != NULL && !line->kind->init(line))
		return false;
	line->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (line->timer_fd < 0)
		return false;
	ev_io_init(&line->readable, on_readable, -1, EV_READ);
	ev_io_init(&line->timer_ready, on_timer, line->timer_fd, EV_READ);
	ev_timer_init(&line->gap, on_gap, 0.0, 0.0);
	ev_timer_init(&line->reopen, on_reopen, 0.0, 0.0);
	line->readable.data = line->timer_ready.data = line;
	line->gap.data = line->reopen.data = line;
	ev_io_start(loop, &line->timer_ready);
	line_open(line);
	return true;
}

void
line_stop(struct line *line)
{
	ev_timer_stop(line->loop, &line->reopen);
	ev_timer_stop(line->loop, &line->gap);
	ev_io_stop(line->loop, &line->timer_ready);
	if (line->fd >= 0) {
		ev_io_stop(line->loop, &line->readable);
		line->kind->close(line);
	}
	close(line->timer_fd);
	if (line->kind->free != NULL)
		line->kind->free(line);
	line->magic = 0;
}
