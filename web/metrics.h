/* SPDX-License-Identifier: MIT */
/* /metrics: what is live, as Prometheus wants it. Base units: W, J, s. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "gateway/clock.h"
#include "web/api.h"
#include "web/live.h"

/* The text; the caller frees it. NULL without memory. */
char *metrics_text(
    const struct api *api, const struct live_view *view, struct mono now);

api_handler metrics_get;

#endif
