/* SPDX-License-Identifier: MIT */
/* Scans one line: tries, finds, recognises. Blocks. */
#ifndef PROXY_SCAN_BUS_H
#define PROXY_SCAN_BUS_H

#include <signal.h>

#include "proxy/progress.h"
#include "proxy/scan_report.h"

struct scan_bus_options {
	const struct scan_plan_scope *scope;
	const uint8_t *also; /* units that are likely, ended by 0 */
	unsigned before_s;
	unsigned timeout_ms;
	const volatile sig_atomic_t *stop; /* set: end soon */
};

/* Adds to the report what it finds on that line, or why it did not look. */
void scan_bus_run(struct scan_report *report, unsigned line,
    const struct scan_bus_options *options, struct progress *progress);

/* "maker product 1.2" from the reply to 43/14 (PDU); false when it is none. */
bool scan_bus_identity(
    const uint8_t *pdu, unsigned length, char *text, unsigned size);

#endif
