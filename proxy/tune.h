/* SPDX-License-Identifier: MIT */
/*
 * Finds the speed and format of a line by listening: at the wrong one nearly
 * no checksum fits. Where nothing is heard at all nothing can be learnt, and
 * the setting stays. Pure.
 */
#ifndef PROXY_TUNE_H
#define PROXY_TUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/scan_plan.h"

struct tune {
	unsigned count;
	struct scan_plan_setting settings[SCAN_PLAN_SETTINGS];
	unsigned at; /* the setting listened to */
	unsigned rounds; /* times that all were tried */
	bool locked; /* this is it */
};

/* Settings to try: those of the scope, likely ones first. */
void tune_init(struct tune *tune, const struct scan_plan_scope *scope);

/*
 * Told what the present setting has brought since it was chosen, garbage when
 * a silence has ended it: frames with a good checksum, bytes in them, bytes in
 * none. True: tune->at is another now, listen there.
 */
bool tune_judge(
    struct tune *tune, uint64_t frames, uint64_t framed, uint64_t dropped);

#endif
