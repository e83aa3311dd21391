/* SPDX-License-Identifier: MIT */
/* The lines' counters, how long replies took, and what is asked on them: for
 * /lines and for /metrics. */
#ifndef WEB_LINES_H
#define WEB_LINES_H

#include <stdio.h>

#include "gateway/clock.h"
#include "web/api.h"

/* GET /lines */
api_handler lines_get;

/* Whole families in the text format of Prometheus. */
void lines_metrics(const struct api *api, FILE *out);

#endif
