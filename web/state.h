/* SPDX-License-Identifier: MIT */
/* What is live, as JSON: for /state, the stream, and /offset. Times are ages
 * in ms, so nobody's clock matters. */
#ifndef WEB_STATE_H
#define WEB_STATE_H

#include <jansson.h>

#include "gateway/clock.h"
#include "policy/reason.h"
#include "web/api.h"
#include "web/live.h"

/* The whole of /state. The caller owns it; NULL without memory. */
json_t *state_json(
    const struct api *api, const struct live_view *view, struct mono now);

/* The lease still in force, or JSON null. */
json_t *state_lease(const struct message_lease *lease, struct mono now);
json_t *state_limits(const struct config_shown *shown);

/*
 * What a shown meter is doing as seen from here: what the proxy said, or
 * silent, when the sample behind it is long over its age limit and nothing
 * newer was heard (a proxy that has died says nothing).
 */
enum shown_state state_of(const struct config_shown *shown,
    const struct message_snapshot *snapshot, struct mono now,
    enum reason *reason);

/* Power is known at all: a sample has come once. */
bool state_measured(const struct message_snapshot *snapshot);

double state_age_ms(int64_t then_us, struct mono now);

api_handler state_get;
/* "ok" or "degraded", nothing else: it needs no login. */
api_handler state_health;

#endif
