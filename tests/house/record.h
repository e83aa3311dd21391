/* SPDX-License-Identifier: MIT */
/*
 * What the house knows to be true, as CSV: the truth ten times a second, and
 * one row for every request seen on its lines. Safe from any thread; every
 * row is on its way to the file when the call returns.
 */
#ifndef HOUSE_RECORD_H
#define HOUSE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_REGISTERS_MAX = 125 };

struct record_truth {
	double time_s; /* since the start */
	double grid_w; /* import positive */
	double load_w;
	double pv_w;
	double battery_w; /* charging positive */
	double soc_pct;
	double inverter_w; /* output positive */
	double shown_w; /* what the inverter last read */
	bool shown_ok; /* its last question was answered */
};

struct record_frame {
	const char *line;
	const char *side; /* "meter": it was asked; "inverter": it asked */
	/* When the request was whole (meter), or its sending began. */
	int64_t at_ns;
	int64_t latency_us; /* until the reply was off the wire, or was whole */
	uint8_t request[256];
	size_t request_length; /* with CRC */
	const char *result; /* "ok", "timeout", "exception 2", ... */
	const uint16_t *registers; /* of an "ok" */
	unsigned count;
};

/* NULL paths: not recorded. False: reason on stderr. */
bool record_open(const char *truth_path, const char *frames_path);
/* No row is written after this. */
void record_close(void);

void record_truth(const struct record_truth *truth);
void record_frame(const struct record_frame *frame);

#endif
