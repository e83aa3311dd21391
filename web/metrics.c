/* SPDX-License-Identifier: MIT */
#include "web/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/quantity.h"
#include "web/assets.h"
#include "web/lines.h"
#include "web/reply.h"
#include "web/state.h"

#define WH_IN_J 3600.0

struct source {
	const struct config_shown *shown;
	const struct message_snapshot *snapshot;
	struct mono now;
};

/* False: not known, leave the sample out. */
typedef bool metric_get(const struct source *source, double *value);

static bool
get_true(const struct source *source, double *value)
{
	*value = source->snapshot->true_w;
	return state_measured(source->snapshot);
}

static bool
get_shown(const struct source *source, double *value)
{
	*value = source->snapshot->shown_w;
	return state_measured(source->snapshot);
}

static bool
get_offset(const struct source *source, double *value)
{
	*value = source->snapshot->offset_w;
	return state_measured(source->snapshot);
}

static bool
get_lease(const struct source *source, double *value)
{
	int64_t left_us = source->snapshot->lease.expiry_us - source->now.us;

	*value = left_us > 0 ? (double)left_us / 1e6 : 0.0;
	return true;
}

static bool
get_age(const struct source *source, double *value)
{
	*value = state_age_ms(source->snapshot->sample_us, source->now) / 1e3;
	return state_measured(source->snapshot);
}

static bool
in_state(const struct source *source, enum shown_state state, double *value)
{
	enum reason reason;

	*value = state_of(source->shown, source->snapshot, source->now,
		     &reason) == state;
	return true;
}

static bool
get_starting(const struct source *source, double *value)
{
	return in_state(source, SHOWN_STARTING, value);
}

static bool
get_active(const struct source *source, double *value)
{
	return in_state(source, SHOWN_ACTIVE, value);
}

static bool
get_silent(const struct source *source, double *value)
{
	return in_state(source, SHOWN_SILENT, value);
}

static bool
energy(const struct source *source, enum quantity quantity, double *value)
{
	*value = source->snapshot->value[quantity] * WH_IN_J;
	return (source->snapshot->known >> quantity & 1) != 0;
}

static bool
get_import(const struct source *source, double *value)
{
	return energy(source, QUANTITY_ENERGY_IMPORT, value);
}

static bool
get_export(const struct source *source, double *value)
{
	return energy(source, QUANTITY_ENERGY_EXPORT, value);
}

#define GET_COUNT(side, member)                                                \
	static bool get_##side##_##member(                                     \
	    const struct source *source, double *value)                        \
	{                                                                      \
		*value = (double)source->snapshot->side.member;                \
		return true;                                                   \
	}
GET_COUNT(meter, ok)
GET_COUNT(meter, exceptions)
GET_COUNT(meter, timeouts)
GET_COUNT(meter, broken)
GET_COUNT(inverter, ok)
GET_COUNT(inverter, exceptions)
GET_COUNT(inverter, timeouts)
GET_COUNT(inverter, broken)

/* Rows of one family stand together; the first one has its help. */
static const struct {
	const char *name;
	const char *type;
	const char *help;
	const char *labels;
	metric_get *get;
} rows[] = {
	{ "gridshim_power_watts", "gauge",
	    "Active power at the grid connection, import positive.",
	    ",view=\"measured\"", get_true },
	{ "gridshim_power_watts", NULL, NULL, ",view=\"shown\"", get_shown },
	{ "gridshim_offset_watts", "gauge",
	    "Added to what the inverter is shown.", "", get_offset },
	{ "gridshim_offset_lease_remaining_seconds", "gauge",
	    "Time until the offset ends.", "", get_lease },
	{ "gridshim_sample_age_seconds", "gauge",
	    "Age of the meter's last good sample.", "", get_age },
	{ "gridshim_state", "gauge", "1 for the state it is in.",
	    ",state=\"starting\"", get_starting },
	{ "gridshim_state", NULL, NULL, ",state=\"active\"", get_active },
	{ "gridshim_state", NULL, NULL, ",state=\"silent\"", get_silent },
	{ "gridshim_energy_joules_total", "counter",
	    "The meter's energy counters.", ",direction=\"import\"",
	    get_import },
	{ "gridshim_energy_joules_total", NULL, NULL, ",direction=\"export\"",
	    get_export },
	{ "gridshim_modbus_requests_total", "counter",
	    "Requests to the meter and from the inverter, by how they ended.",
	    ",side=\"meter\",result=\"ok\"", get_meter_ok },
	{ "gridshim_modbus_requests_total", NULL, NULL,
	    ",side=\"meter\",result=\"exception\"", get_meter_exceptions },
	{ "gridshim_modbus_requests_total", NULL, NULL,
	    ",side=\"meter\",result=\"timeout\"", get_meter_timeouts },
	{ "gridshim_modbus_requests_total", NULL, NULL,
	    ",side=\"inverter\",result=\"ok\"", get_inverter_ok },
	{ "gridshim_modbus_requests_total", NULL, NULL,
	    ",side=\"inverter\",result=\"exception\"",
	    get_inverter_exceptions },
	{ "gridshim_modbus_requests_total", NULL, NULL,
	    ",side=\"inverter\",result=\"silent\"", get_inverter_timeouts },
	{ "gridshim_modbus_broken_frames_total", "counter",
	    "Frames that were noise or had a wrong checksum.",
	    ",side=\"meter\"", get_meter_broken },
	{ "gridshim_modbus_broken_frames_total", NULL, NULL,
	    ",side=\"inverter\"", get_inverter_broken },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void
write_row(FILE *out, unsigned row, const struct api *api,
    const struct live_view *view, struct mono now)
{
	if (rows[row].help != NULL)
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", rows[row].name,
		    rows[row].help, rows[row].name, rows[row].type);
	for (unsigned i = 0; i < api->config->shown_count; i++) {
		struct source source = { &api->config->shown[i],
			&view->snapshot[i], now };
		double value;

		if (view->known[i] && rows[row].get(&source, &value))
			fprintf(out, "%s{shown=\"%s\"%s} %.15g\n",
			    rows[row].name, source.shown->name,
			    rows[row].labels, value);
	}
}

static uint64_t
dropped(const struct live_view *view)
{
	uint64_t most = 0;

	/* One ring for all shown meters: each snapshot has its count. */
	for (unsigned i = 0; i < CONFIG_SHOWN_MAX; i++) {
		if (view->snapshot[i].dropped > most)
			most = view->snapshot[i].dropped;
	}
	return most;
}

char *
metrics_text(
    const struct api *api, const struct live_view *view, struct mono now)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		return NULL;
	fprintf(out,
	    "# HELP gridshim_build_info Which gridshim this is.\n"
	    "# TYPE gridshim_build_info gauge\n"
	    "gridshim_build_info{version=\"%s\",build=\"%s\"} 1\n",
	    GRIDSHIM_VERSION, assets_build);
	for (unsigned row = 0; row < ROWS; row++)
		write_row(out, row, api, view, now);
	fprintf(out,
	    "# HELP gridshim_records_dropped_total Records lost on the way "
	    "to storage.\n"
	    "# TYPE gridshim_records_dropped_total counter\n"
	    "gridshim_records_dropped_total %llu\n",
	    (unsigned long long)dropped(view));
	lines_metrics(api, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

void
metrics_get(
    const struct api *api, const struct request *request, struct reply *reply)
{
	struct live_view view;

	(void)request;
	live_read(api->live, &view);
	reply_text_take(reply, "text/plain; version=0.0.4; charset=utf-8",
	    metrics_text(api, &view, clock_now()));
}
