/* SPDX-License-Identifier: MIT */
#include "proxy/line.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

#include "proxy/crc.h"

enum {
	LINE_MAGIC = 0x6c696e65,
	GAP_LOW_LATENCY_US = 5000,
	GAP_US = 40000, /* above two of an FTDI adapter's 16 ms chunks */
};

/* udev takes a moment to name a device and to let us have it. */
#define PLUGGED_S      0.05
#define REOPEN_FIRST_S 0.2
#define REOPEN_LAST_S  3.0

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
		port_close(&line->port);
		line->fd = -1;
		rtu_reset(&line->rtu);
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

static const char *
open_error(int error)
{
	switch (error) {
	case ENOENT:
		return "no such device; is the adapter plugged in";
	case EACCES:
		return "permission denied; is the user in group dialout";
	case EWOULDBLOCK:
	case EBUSY:
		return "in use by another program";
	default:
		return "cannot be opened";
	}
}

static void
line_open(struct line *line)
{
	line->fd = port_open(&line->port);
	if (line->fd < 0) {
		line_down(line, open_error(errno));
		return;
	}
	line->gap_us = line->port.low_latency ? GAP_LOW_LATENCY_US : GAP_US;
	if (line->gap_us < line->t35_us)
		line->gap_us = line->t35_us;
	rtu_reset(&line->rtu);
	ev_io_set(&line->readable, line->fd, EV_READ);
	ev_io_start(line->loop, &line->readable);
	line->reopen_s = REOPEN_FIRST_S;
	line->told_down = false;
	line->opened++;
	line->calls->changed(line->owner, true, "");
}

static void
on_reopen(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	line_open(line_of(timer->data));
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

static void
deliver(struct line *line)
{
	struct rtu_frame frame;

	while (rtu_next(&line->rtu, &frame))
		line->calls->frame(line->owner, &frame, line->last_byte);
	line->calls->received(line->owner, line->last_byte);
	gap_arm(line);
}

static void
count(struct line *line, const uint8_t *bytes, size_t length)
{
	line->counts.bytes += length;
	for (size_t i = 0; i < length; i++)
		line->counts.zeros += bytes[i] == 0;
}

/* Moves what is not our own to the front; how much that is. */
static size_t
without_echo(struct line *line, uint8_t *bytes, size_t length)
{
	size_t own;

	if (line->config->echo == SWITCH_OFF)
		return length;
	own = echo_strip(&line->echo, bytes, length);
	memmove(bytes, bytes + own, length - own);
	return length - own;
}

/* True: bytes came, or the line went down; whoever looks at the time since the
 * last byte must begin anew. */
static bool
receive(struct line *line)
{
	size_t room;
	uint8_t *into = rtu_room(&line->rtu, &room);
	ssize_t got = read(line->fd, into, room);
	size_t kept;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A pulled adapter reads as end of file for ever. */
	if (got <= 0) {
		line_down(line, "the device is gone");
		return true;
	}
	line->last_byte = clock_now();
	count(line, into, (size_t)got);
	kept = without_echo(line, into, (size_t)got);
	if (kept == 0)
		return true;
	rtu_filled(&line->rtu, kept);
	deliver(line);
	return true;
}

static void
on_readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)events;
	receive(line_of(watcher->data));
}

static void
on_gap(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct line *line = line_of(timer->data);
	struct rtu_frame frame;
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
	while (rtu_silence(&line->rtu, &frame))
		line->calls->frame(line->owner, &frame, line->last_byte);
	line->calls->received(line->owner, line->last_byte);
}

static void
on_timer(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct line *line = line_of(watcher->data);
	uint64_t expirations;

	(void)loop;
	(void)events;
	if (read(line->timer_fd, &expirations, sizeof(expirations)) <= 0)
		return;
	line->armed = (struct mono){ 0 };
	line->calls->timer(line->owner, clock_now());
}

void
line_wake(struct line *line, struct mono at)
{
	struct itimerspec when = { 0 };

	/* Zero would disarm it; a microsecond after boot is past anyway. */
	if (at.us <= 0)
		at.us = 1;
	/* Asked for with every byte that comes, and mostly the same. */
	if (at.us == line->armed.us)
		return;
	line->armed = at;
	when.it_value.tv_sec = at.us / 1000000;
	when.it_value.tv_nsec = at.us % 1000000 * 1000;
	timerfd_settime(line->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

bool
line_send(struct line *line, const uint8_t *unit_and_pdu, size_t length)
{
	uint8_t frame[RTU_ADU_MAX];

	if (line->fd < 0)
		return false;
	if (line->config->echo == SWITCH_ON) {
		memcpy(frame, unit_and_pdu, length);
		crc_append(frame, length);
		echo_sent(&line->echo, frame, length + 2);
	}
	return port_send(&line->port, unit_and_pdu, length);
}

void
line_plugged(struct line *line)
{
	if (line->fd >= 0)
		return;
	line->reopen_s = REOPEN_FIRST_S;
	ev_timer_stop(line->loop, &line->reopen);
	ev_timer_set(&line->reopen, PLUGGED_S, 0.0);
	ev_timer_start(line->loop, &line->reopen);
}

const char *
line_note(const struct line *line)
{
	return line->port.rs485_refused
	           ? "; its driver has no RS485 mode, so the adapter has to "
	             "switch by itself"
	           : "";
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
	if (line->fd >= 0)
		tcflush(line->fd, TCIFLUSH);
	rtu_reset(&line->rtu);
	echo_forget(&line->echo);
}

int64_t
line_wire_us(const struct line *line, size_t bytes)
{
	return rtu_wire_us(line->config->baud, line->character_bits, bytes);
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
	line->t35_us = rtu_t35_us(config->baud);
	line->character_bits = port_character_bits(config->format);
	rtu_init(&line->rtu, direction);
	if (!port_init(&line->port, config->serial, config->baud,
		config->format, config->rs485 == SWITCH_ON))
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
		port_close(&line->port);
	}
	close(line->timer_fd);
	port_free(&line->port);
	line->magic = 0;
}
