/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "proxy/crc.h"
#include "proxy/line_kind.h"

enum {
	GAP_LOW_LATENCY_US = 5000,
	GAP_US = 40000, /* above two of an FTDI adapter's 16 ms chunks */
};

static bool
serial_init(struct line *line)
{
	const struct config_line *config = line->config;

	return port_init(&line->port, config->serial, config->baud,
	    config->format, config->rs485 == SWITCH_ON);
}

static void
serial_free(struct line *line)
{
	port_free(&line->port);
}

static int
serial_open(struct line *line)
{
	int fd = port_open(&line->port);

	line->gap_us = line->port.low_latency ? GAP_LOW_LATENCY_US : GAP_US;
	if (line->gap_us < line->t35_us)
		line->gap_us = line->t35_us;
	rtu_reset(&line->rtu);
	return fd;
}

static const char *
serial_open_error(int error)
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
serial_close(struct line *line)
{
	port_close(&line->port);
	rtu_reset(&line->rtu);
}

static void
serial_drain(struct line *line)
{
	tcflush(line->fd, TCIFLUSH);
	rtu_reset(&line->rtu);
	echo_forget(&line->echo);
}

static bool
serial_send(struct line *line, const uint8_t *unit_and_pdu, size_t length)
{
	uint8_t frame[RTU_ADU_MAX];

	if (line->config->echo == SWITCH_ON) {
		memcpy(frame, unit_and_pdu, length);
		crc_append(frame, length);
		echo_sent(&line->echo, frame, length + 2);
	}
	return port_send(&line->port, unit_and_pdu, length);
}

static void
count(struct line *line, const uint8_t *bytes, size_t length)
{
	line->counts.bytes += length;
	for (size_t i = 0; i < length; i++)
		line->counts.zeros += bytes[i] == 0;
}

static enum line_got
serial_receive(struct line *line)
{
	struct rtu_frame frame;
	size_t room, kept;
	uint8_t *into = rtu_room(&line->rtu, &room);
	ssize_t got = read(line->fd, into, room);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return LINE_NOTHING;
	/* A pulled adapter reads as end of file for ever. */
	if (got <= 0)
		return LINE_LOST;
	line->last_byte = clock_now();
	count(line, into, (size_t)got);
	kept = (size_t)got;
	if (line->config->echo == SWITCH_ON)
		kept = echo_strip(&line->echo, into, kept);
	if (kept == 0)
		return LINE_NOTHING;
	rtu_filled(&line->rtu, kept);
	while (rtu_next(&line->rtu, &frame))
		line->calls->frame(line->owner, &frame, line->last_byte);
	return LINE_BYTES;
}

void
line_serial_silence(struct line *line)
{
	struct rtu_frame frame;

	while (rtu_silence(&line->rtu, &frame))
		line->calls->frame(line->owner, &frame, line->last_byte);
}

const struct line_kind *
line_serial_kind(void)
{
	static const struct line_kind kind = {
		.open = serial_open,
		.close = serial_close,
		.send = serial_send,
		.drain = serial_drain,
		.receive = serial_receive,
		.open_error = serial_open_error,
		.init = serial_init,
		.free = serial_free,
	};

	return &kind;
}
