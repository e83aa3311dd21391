/* SPDX-License-Identifier: MIT */
/*
 * One serial line in the loop: bytes in, frames out, one precise timer, and
 * the reopening after an adapter was pulled. The owner (the side that asks or
 * the side that answers) decides what the frames mean.
 */
#ifndef PROXY_LINE_H
#define PROXY_LINE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "proxy/echo.h"
#include "proxy/hint.h"
#include "proxy/port.h"
#include "proxy/rtu.h"

struct line_owner {
	/* A whole frame; `at` is when its last byte was read. */
	void (*frame)(
	    void *owner, const struct rtu_frame *frame, struct mono at);
	/* All frames of this read were delivered, or bytes came at all. */
	void (*received)(void *owner, struct mono at);
	/* The time given to line_wake has come. */
	void (*timer)(void *owner, struct mono now);
	/* The device was opened, or lost (error: why, a static text). */
	void (*changed)(void *owner, bool up, const char *error);
};

struct line {
	uint32_t magic;
	const struct config_line *config;
	unsigned index;
	struct ev_loop *loop;
	const struct line_owner *calls;
	void *owner;
	struct port port;
	struct rtu rtu;
	struct echo echo;
	struct hint_counts counts;
	struct hint_state hint;
	int fd; /* -1: not open */
	bool told_down;
	uint64_t opened; /* times; all but the first after a loss */
	struct mono last_byte;
	int64_t gap_us; /* silence that ends a frame of unknown length */
	int64_t t35_us;
	unsigned character_bits;
	double reopen_s; /* next pause before another try */
	int timer_fd;
	struct mono armed; /* what timer_fd is set to; 0: nothing */
	ev_io readable;
	ev_io timer_ready;
	ev_timer gap;
	ev_timer reopen;
};

/* Allocates what it needs and starts trying to open. False: errno tells. */
bool line_start(struct line *line, struct ev_loop *loop,
    const struct config_line *config, unsigned index,
    enum rtu_direction direction, const struct line_owner *calls, void *owner);
void line_stop(struct line *line);

/* Something was plugged in: if it is down, it is opened soon. */
void line_plugged(struct line *line);

/* What is to be added where it is said that the line is open. */
const char *line_note(const struct line *line);

/* Once a second or so: what is wrong with it, said once. */
enum hint line_hint(struct line *line, struct mono now);

/* Calls back at that time (to tens of microseconds), replacing the time set
 * before. The past means at once. */
void line_wake(struct line *line, struct mono at);

/* Unit + PDU; the CRC is added. Never waits. False: not sent. */
bool line_send(struct line *line, const uint8_t *unit_and_pdu, size_t length);

/* Throws away what was received and not yet read, before a new request. */
void line_drain(struct line *line);

/* How long that many bytes take on this line. */
int64_t line_wire_us(const struct line *line, size_t bytes);

#endif
