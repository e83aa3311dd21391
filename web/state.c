/* SPDX-License-Identifier: MIT */
#include "web/state.h"

#include <math.h>

#include "policy/quantity.h"
#include "web/assets.h"
#include "web/auth.h"
#include "web/reply.h"
#include "web/request.h"

/* So much over the age limit before we overrule the proxy's word. */
enum { GRACE_MS = 1000 };

/* Thousandths are more than any meter here knows. */
static json_t *
number(double value)
{
	double rounded = round(value * 1e3) / 1e3;

	return json_real(rounded == 0.0 ? 0.0 : rounded);
}

double
state_age_ms(int64_t then_us, struct mono now)
{
	return now.us > then_us ? floor((double)(now.us - then_us) / 1e3) : 0.0;
}

/* JSON null for what never was. */
static json_t *
age(int64_t then_us, struct mono now)
{
	if (then_us == 0)
		return json_null();
	return json_integer((json_int_t)state_age_ms(then_us, now));
}

bool
state_measured(const struct message_snapshot *snapshot)
{
	return snapshot->sample_us != 0;
}

enum shown_state
state_of(const struct config_shown *shown,
    const struct message_snapshot *snapshot, struct mono now,
    enum reason *reason)
{
	enum shown_state state = (enum shown_state)snapshot->state;

	*reason = (enum reason)snapshot->reason;
	if (state == SHOWN_ACTIVE && state_age_ms(snapshot->sample_us, now) >
					 shown->max_age_ms + GRACE_MS) {
		*reason = REASON_STALE;
		return SHOWN_SILENT;
	}
	return state;
}

static json_t *
value(double v, const char *unit, int64_t then_us, struct mono now)
{
	return json_pack("{s:o, s:s, s:o}", "v", number(v), "unit", unit,
	    "age_ms", age(then_us, now));
}

static json_t *
power(const struct message_snapshot *snapshot, double w, struct mono now)
{
	if (!state_measured(snapshot))
		return json_null();
	return value(w, "W", snapshot->sample_us, now);
}

json_t *
state_lease(const struct message_lease *lease, struct mono now)
{
	if (lease->expiry_us <= now.us)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:s}", "value_w",
	    number(lease->value_w), "ramp_w_per_s", number(lease->ramp_w_per_s),
	    "remaining_s", number((double)(lease->expiry_us - now.us) / 1e6),
	    "owner", lease->owner);
}

json_t *
state_limits(const struct config_shown *shown)
{
	return json_pack("{s:I, s:I, s:I}", "limit_w",
	    (json_int_t)shown->limit_w, "slew_w_per_s",
	    (json_int_t)shown->slew_w_per_s, "max_age_ms",
	    (json_int_t)shown->max_age_ms);
}

static json_t *
side(const char *name, const struct message_side *side, struct mono now)
{
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:o}", "name",
	    name, "up", (int)(side->up != 0), "requests",
	    (json_int_t)side->requests, "ok", (json_int_t)side->ok,
	    "exceptions", (json_int_t)side->exceptions, "timeouts",
	    (json_int_t)side->timeouts, "broken", (json_int_t)side->broken,
	    "last_age_ms", age(side->last_us, now));
}

static json_t *
quantities(const struct message_snapshot *snapshot, struct mono now)
{
	json_t *set = json_object();

	for (int q = 0; q < QUANTITY_COUNT; q++) {
		if ((snapshot->known >> q & 1) == 0)
			continue;
		json_object_set_new(set, quantity_name((enum quantity)q),
		    value(snapshot->value[q], quantity_unit((enum quantity)q),
			snapshot->sample_us, now));
	}
	return set;
}

static json_t *
shown_json(const struct api *api, unsigned index, const struct live_view *view,
    struct mono now)
{
	const struct config_shown *shown = &api->config->shown[index];
	const struct message_snapshot *snapshot = &view->snapshot[index];
	enum reason reason;
	enum shown_state state = state_of(shown, snapshot, now, &reason);

	if (!view->known[index])
		reason = REASON_NO_SAMPLE;
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:I, s:o}",
	    "name", shown->name, "state", message_state_name(state), "reason",
	    reason_name(reason), "sentence", reason_text(reason), "true",
	    power(snapshot, snapshot->true_w, now), "shown",
	    power(snapshot, snapshot->shown_w, now), "offset",
	    power(snapshot, snapshot->offset_w, now), "wanted",
	    power(snapshot, snapshot->wanted_w, now), "lease",
	    state_lease(&snapshot->lease, now), "meter",
	    side(shown->source, &snapshot->meter, now), "inverter",
	    side(shown->line, &snapshot->inverter, now), "quantities",
	    quantities(snapshot, now), "limits", state_limits(shown), "dropped",
	    (json_int_t)snapshot->dropped, "heard_age_ms",
	    age(view->received[index].us, now));
}

json_t *
state_json(const struct api *api, const struct live_view *view, struct mono now)
{
	json_t *shown = json_array();

	for (unsigned i = 0; i < api->config->shown_count; i++)
		json_array_append_new(shown, shown_json(api, i, view, now));
	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:o}", "site",
	    api->config->site->name, "version", GRIDSHIM_VERSION, "build",
	    assets_build, "login", (int)auth_needed(api->auth), "wall_ms",
	    (json_int_t)(clock_wall_us() / 1000), "commit_s",
	    (json_int_t)api->config->storage->commit_s, "shown", shown);
}

void
state_get(
    const struct api *api, const struct request *request, struct reply *reply)
{
	struct live_view view;

	(void)request;
	live_read(api->live, &view);
	reply_json(reply, 200, state_json(api, &view, clock_now()));
}

void
state_health(
    const struct api *api, const struct request *request, struct reply *reply)
{
	const char *status = "ok";
	struct mono now = clock_now();
	struct live_view view;
	enum reason reason;

	(void)request;
	live_read(api->live, &view);
	for (unsigned i = 0; i < api->config->shown_count; i++) {
		if (state_of(&api->config->shown[i], &view.snapshot[i], now,
			&reason) != SHOWN_ACTIVE)
			status = "degraded";
	}
	reply_json(reply, 200, json_pack("{s:s}", "status", status));
}
