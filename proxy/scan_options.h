/* SPDX-License-Identifier: MIT */
/* What can be said behind `gridshim scan` and `gridshim listen`. */
#ifndef PROXY_SCAN_OPTIONS_H
#define PROXY_SCAN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/scan_plan.h"

enum { SCAN_OPTIONS_LINES_MAX = 64 };

struct scan_options {
	unsigned lines_count;
	const char *lines[SCAN_OPTIONS_LINES_MAX]; /* borrowed from argv */
	struct scan_plan_scope scope;
	bool units_given;
	const char *map_dir;
	bool json;
	bool help;
	unsigned before_s; /* scan: listens so long before it asks */
	unsigned timeout_ms; /* scan: for an answer to begin */
	unsigned seconds; /* listen: so long */
	const char *write_map; /* listen: into this file; NULL: none */
	unsigned unit; /* listen: what to write the map of; 0: the busiest */
};

/* argv[0] is the command, "scan" or "listen". False: said on stderr what is
 * wrong. */
bool scan_options_parse(struct scan_options *options, int argc, char **argv);

/* The text of --help. */
const char *scan_options_text(const char *command);

/* "1-5,247" into units[1 .. 255]; false and units undefined when it is no such
 * list. */
bool scan_options_units(const char *text, bool units[SCAN_PLAN_UNITS]);

#endif
