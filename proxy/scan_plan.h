/* SPDX-License-Identifier: MIT */
/*
 * In which order line settings and units are tried; pure.
 *
 * First the likely units at every setting, the likely settings first; then the
 * other units. A wire has one speed: once somebody answered, only that setting
 * is tried on, unless all are wanted.
 */
#ifndef PROXY_SCAN_PLAN_H
#define PROXY_SCAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SCAN_PLAN_BAUDS = 8, /* what the configuration allows */
	SCAN_PLAN_FORMATS = 4,
	SCAN_PLAN_SETTINGS = SCAN_PLAN_BAUDS * SCAN_PLAN_FORMATS,
	SCAN_PLAN_UNITS = 256,
};

struct scan_plan_setting {
	uint32_t baud;
	char format[4]; /* "8N1" */
};

/* What may be tried at all. */
struct scan_plan_scope {
	bool bauds[SCAN_PLAN_BAUDS]; /* as in scan_plan_bauds */
	bool formats[SCAN_PLAN_FORMATS];
	bool units[SCAN_PLAN_UNITS];
	bool all; /* go on with other settings when one was found */
	bool quick; /* the likely units only, until one was found */
};

extern const uint32_t scan_plan_bauds[SCAN_PLAN_BAUDS];
extern const char *const scan_plan_formats[SCAN_PLAN_FORMATS];

struct scan_plan {
	bool all;
	bool quick;
	unsigned settings_count;
	struct scan_plan_setting settings[SCAN_PLAN_SETTINGS];
	unsigned units_count;
	unsigned likely_count; /* of them, at the front */
	uint8_t units[SCAN_PLAN_UNITS];
	bool rest; /* the units behind the likely ones */
	unsigned setting; /* of the next try */
	unsigned unit;
	int only; /* setting where somebody answered; -1: none yet */
	unsigned tried_setting; /* of the last try */
	unsigned done;
};

/* also: more units that are likely, ended by 0; may be NULL. They must be in
 * the scope like all others. */
void scan_plan_init(struct scan_plan *plan, const struct scan_plan_scope *scope,
    const uint8_t *also);

struct scan_plan_try {
	struct scan_plan_setting setting;
	uint8_t unit;
	bool likely; /* worth more than one question */
};

/* False: there is nothing left to try. */
bool scan_plan_next(struct scan_plan *plan, struct scan_plan_try *next);

/* Somebody answered at the setting of the last try. */
void scan_plan_found(struct scan_plan *plan);

/* Tries to come, as far as is known now. */
unsigned scan_plan_left(const struct scan_plan *plan);

#endif
