/* SPDX-License-Identifier: MIT */
/*
 * One line in the loop: bytes in, frames out, one precise timer, and the
 * reopening after an adapter was pulled or a connection lost. The owner (the
 * side that asks or the side that answers) decides what the frames mean.
 *
 * There are two kinds: serial (line_serial.c), and Modbus TCP to one address
 * (line_tcp.c), only to ask on. Frames of both are given out in RTU's form,
 * unit to CRC.
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
#include "proxy/wakeup.h"

struct line_owner {
	/* A whole frame; `at` is when its last byte was read. */
	void (*frame)(
	    void *owner, const struct rtu_frame *frame, struct mono at);
	/* A frame that answers an earlier request for certain (by its number);
	 * NULL on a side that never has such. */
	void (*stray)(
	    void *owner, const struct rtu_frame *frame, struct mono at);
	/* All frames of this read were delivered, or bytes came at all. */
	void (*received)(void *owner, struct mono at);
	/* The time given to line_wake has come. */
	void (*timer)(void *owner, struct mono now);
	/* The device was opened, or lost (error: why, a static text). */
	void (*changed)(void *owner, bool up, const char *error);
};

struct line;

enum line_got { LINE_NOTHING, LINE_BYTES, LINE_LOST };

/* What differs between the kinds. */
struct line_kind {
	/* The descriptor, or -1 with errno. May leave it connecting. */
	int (*open)(struct line *line);
	void (*close)(struct line *line);
	bool (*send)(
	    struct line *line, const uint8_t *unit_and_pdu, size_t length);
	/* Throws away what was received and not yet given out. */
	void (*drain)(struct line *line);
	/* One read, and what it brings given out. */
	enum line_got (*receive)(struct line *line);
	const char *(*open_error)(int error);
	/* NULL: nothing to free. */
	bool (*init)(struct line *line);
	void (*free)(struct line *line);
};

/* What a TCP line has of its own. */
struct line_stream {
	uint16_t transaction; /* of the newest request */
	size_t length; /* bytes of a frame that is not whole yet */
	uint8_t bytes[512];
};

struct line {
	uint32_t magic;
	const struct line_kind *kind;
	const struct config_line *config;
	unsigned index;
	struct ev_loop *loop;
	const struct line_owner *calls;
	void *owner;
	struct port port; /* serial */
	struct rtu rtu;
	struct echo echo;
	struct hint_counts counts;
	struct hint_state hint;
	struct line_stream stream; /* TCP */
	int fd; /* -1: not open */
	bool connecting; /* it is not up yet */
	bool told_down;
	uint64_t opened; /* times; all but the first after a loss */
	struct mono last_byte;
	int64_t gap_us; /* silence that ends a frame of unknown length */
	int64_t t35_us;
	unsigned character_bits;
	double reopen_s; /* next pause before another try */
	int timer_fd;
	struct mono armed; /* what it is wanted for; 0: nothing */
	struct wakeup wakeup;
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

/* May frames be sent? */
bool line_is_up(const struct line *line);

/* Something was plugged in: if it is down, it is opened soon. */
void line_plugged(struct line *line);

/* "/dev/ttyUSB0, 9600 baud 8N1", with what there is to know about it. */
void line_describe(const struct line *line, char *text, size_t size);

/* Once a second or so: what is wrong with it, said once. */
enum hint line_hint(struct line *line, struct mono now);

/* Calls back at that time (to tens of microseconds), replacing the time set
 * before. The past means at once. */
void line_wake(struct line *line, struct mono at);

/* Unit + PDU; the CRC is added. Never waits. False: not sent. */
bool line_send(struct line *line, const uint8_t *unit_and_pdu, size_t length);

/* Throws away what was received and not yet read, before a new request. */
void line_drain(struct line *line);

/* How long that many bytes take on this line; 0 by TCP. */
int64_t line_wire_us(const struct line *line, size_t bytes);

#endif
