/* SPDX-License-Identifier: MIT */
/* What a scan found, and how it is told. */
#ifndef PROXY_SCAN_REPORT_H
#define PROXY_SCAN_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proxy/catalogue.h"
#include "proxy/recognise.h"
#include "proxy/scan_options.h"
#include "proxy/scan_plan.h"

enum { SCAN_REPORT_DEVICES_MAX = 128, SCAN_REPORT_TEXT_SIZE = 160 };

struct scan_report_device {
	unsigned line; /* index */
	uint8_t unit;
	struct scan_plan_setting setting;
	uint32_t latency_us;
	struct recognise_result result;
	/* What it says of itself, when asked (43/14, 17); "": nothing. */
	char identity[SCAN_REPORT_TEXT_SIZE];
};

struct scan_report_line {
	const char *path;
	char refused[SCAN_REPORT_TEXT_SIZE]; /* why; "": it was scanned */
	bool echo;
};

struct scan_report {
	const struct catalogue *catalogue;
	unsigned lines_count;
	struct scan_report_line lines[SCAN_OPTIONS_LINES_MAX];
	unsigned devices_count;
	struct scan_report_device devices[SCAN_REPORT_DEVICES_MAX];
};

/* "Eastron SDM630 (eastron-sdm630)", and what else it may be. */
void scan_report_describe(const struct scan_report *report,
    const struct scan_report_device *device, char *text, unsigned size);

/* Comments and a configuration in YAML; or the same as JSON. False: nothing
 * was found that could be configured. */
bool scan_report_text(const struct scan_report *report, FILE *out);
bool scan_report_json(const struct scan_report *report, FILE *out);

#endif
