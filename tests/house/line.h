/* SPDX-License-Identifier: MIT */
/*
 * A serial line between two pseudo-terminals.
 *
 *      program --- tty a [master]  wire  [master] tty z --- program
 *
 * With a baud rate every byte takes its time on the wire (10 bits), in each
 * direction by itself, and arrives when its last bit would. Bytes for an end
 * that nobody holds open are lost, and whatever an end left unread when it was
 * closed is gone before the next opener comes, as on a wire. Collisions are
 * not modelled: the two directions do not disturb each other.
 *
 * Each line has a thread of its own that sleeps on a timer; it asks for
 * real-time scheduling, because a wire does not wait for a busy machine.
 */
#ifndef HOUSE_LINE_H
#define HOUSE_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum line_end { LINE_A, LINE_Z, LINE_ENDS };

struct line;

struct line_counts {
	uint64_t bytes[LINE_ENDS]; /* sent from this end */
	uint64_t lost[LINE_ENDS]; /* of these, nobody was there to hear */
	int64_t late_ns_max; /* worst delivery after the due time */
	int64_t late_ns_mean;
};

/*
 * Makes the line and starts its thread. A link (copied; NULL: none) is made
 * for each end, replacing one that is there. baud 0: no pacing. NULL: failed,
 * and the reason is on stderr.
 */
struct line *line_open(uint32_t baud, const char *link_a, const char *link_z);

/* From now on end a is only understood, and understands, when its tty is set
 * to this speed and parity ("8E1"), and characters are as long as that says. */
void line_set_format(struct line *line, uint32_t baud, const char *format);

/* Removes the links and the ttys; ends the thread. What else is asked of the
 * line by other threads still finds it. */
void line_shut(struct line *line);
/* The same, and frees. */
void line_close(struct line *line);

/* The tty of an end; valid until that end is unplugged. */
const char *line_path(const struct line *line, enum line_end end);

/* End a: its tty hangs up and its link goes away; a new tty and the link come
 * back. False: it was so already, or failed. */
bool line_unplug(struct line *line);
bool line_plug(struct line *line);

/* That many random bytes arrive at both ends, on the wire's time. */
void line_noise(struct line *line, unsigned bytes);

struct line_counts line_count(struct line *line);

#endif
