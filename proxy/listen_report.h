/* SPDX-License-Identifier: MIT */
/* What was heard on a line, and how it is told. */
#ifndef PROXY_LISTEN_REPORT_H
#define PROXY_LISTEN_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proxy/catalogue.h"
#include "proxy/pattern.h"
#include "proxy/polls.h"
#include "proxy/scan_plan.h"

struct listen_report {
	const char *path;
	const struct catalogue *catalogue;
	const struct polls *polls;
	struct scan_plan_setting setting;
	bool locked; /* the setting is known for certain */
	uint64_t frames; /* at this setting */
	uint64_t dropped; /* bytes that were no frame */
	uint64_t bytes; /* heard at any setting */
	double seconds;
};

/*
 * The units that an inverter takes for its meter: those that answer, or, when
 * nobody answers, the one whose questions fit best. Their number, with the
 * best guess for each.
 */
enum { LISTEN_REPORT_METERS_MAX = 8 };
struct listen_report_meter {
	uint8_t unit;
	struct pattern_guess guess;
};
unsigned listen_report_meters(const struct listen_report *report,
    struct listen_report_meter meters[LISTEN_REPORT_METERS_MAX]);

/* The unit that is asked most; 0: none was asked. */
uint8_t listen_report_busiest(const struct polls *polls);

/* Comments and a configuration in YAML; or the same as JSON. False: no meter
 * could be named. */
bool listen_report_text(const struct listen_report *report, FILE *out);
bool listen_report_json(const struct listen_report *report, FILE *out);

#endif
