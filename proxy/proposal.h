/* SPDX-License-Identifier: MIT */
/*
 * Found devices as lines of gridshim.yaml. What the configuration would refuse
 * (an unknown model, a second speed on one wire, more than there is room for)
 * stands there as a comment, with the reason. Pure.
 */
#ifndef PROXY_PROPOSAL_H
#define PROXY_PROPOSAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proxy/map.h"

struct proposal_line {
	const char *serial; /* the device's path */
	bool echo; /* the adapter hears itself */
};

struct proposal_device {
	unsigned line; /* index */
	uint8_t unit;
	uint32_t baud;
	char format[4];
	const char *map; /* name; NULL: no model is known */
	enum map_kind kind;
	const char *title; /* for the comment; NULL: none */
};

/* A meter that an inverter asks for on a line. */
struct proposal_shown {
	const char *serial;
	uint8_t unit;
	uint32_t baud;
	char format[4];
	const char *map;
	const char *title;
};

/* Each writes whole blocks, `lines:` and what belongs to it. False: there is
 * nothing that could be configured, and only comments were written. */
bool proposal_devices(FILE *out, const struct proposal_line *lines,
    unsigned lines_count, const struct proposal_device *devices,
    unsigned devices_count);
bool proposal_shown(
    FILE *out, const struct proposal_shown *shown, unsigned count);

#endif
