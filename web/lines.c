/* SPDX-License-Identifier: MIT */
#include "web/lines.h"

#include <jansson.h>
#include <math.h>

#include "web/live.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/state.h"

static json_t *
ms(double us)
{
	return json_real(round(us) / 1e3);
}

static json_t *
age(int64_t then_us, struct mono now)
{
	if (then_us == 0)
		return json_null();
	return json_integer((json_int_t)state_age_ms(then_us, now));
}

static json_t *
events_json(const uint64_t *counts, unsigned events)
{
	json_t *json = json_object();

	for (unsigned i = 0; i < events; i++)
		json_object_set_new(json,
		    message_tally_name((enum tally_event)i),
		    json_integer((json_int_t)counts[i]));
	return json;
}

/* JSON null while there was no reply. */
static json_t *
reply_times(const struct histogram *histogram)
{
	double median_us, most_us;

	if (!histogram_quantile(histogram, 0.5, &median_us) ||
	    !histogram_quantile(histogram, 0.99, &most_us))
		return json_null();
	return json_pack("{s:I, s:o, s:o, s:o}", "count",
	    (json_int_t)histogram->count, "mean_ms",
	    ms((double)histogram->sum_us / (double)histogram->count), "p50_ms",
	    ms(median_us), "p99_ms", ms(most_us));
}

static json_t *
replies_json(const struct live_line *line)
{
	json_t *json = json_object();

	for (int i = 0; i < TALLY_REPLIES; i++)
		json_object_set_new(json,
		    message_reply_name((enum tally_reply)i),
		    reply_times(&line->line.reply[i]));
	return json;
}

static json_t *
units_json(const struct live_line *line)
{
	json_t *json = json_array();

	for (unsigned i = 0; i < MESSAGE_UNITS; i++) {
		json_t *unit = i < MESSAGE_UNITS - 1
		                   ? json_integer(line->units[i].unit)
		                   : json_null();

		if (line->unit_known[i])
			json_array_append_new(json,
			    json_pack("{s:o, s:o}", "unit", unit, "events",
				events_json(
				    line->units[i].count, TALLY_UNIT_EVENTS)));
		else
			json_decref(unit);
	}
	return json;
}

static json_t *
question_json(const struct message_asked *asked, struct mono now)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:I, s:o, s:o, s:s, s:o}",
	    "unit", (int)asked->unit, "function", (int)asked->function,
	    "address", (int)asked->address, "count", (int)asked->count, "times",
	    (json_int_t)asked->times, "interval_ms",
	    asked->interval_us > 0 ? ms((double)asked->interval_us)
				   : json_null(),
	    "last_age_ms", age(asked->last_us, now), "answer",
	    message_asked_name((enum asked_answer)asked->answer), "exception",
	    asked->answer == ASKED_EXCEPTION ? json_integer(asked->exception)
					     : json_null());
}

static json_t *
asked_json(const struct live_line *line, struct mono now)
{
	json_t *json = json_array();

	for (unsigned i = 0; i < MESSAGE_ASKED_MAX; i++) {
		if (line->asked[i].times > 0)
			json_array_append_new(
			    json, question_json(&line->asked[i], now));
	}
	return json;
}

/* A line with a shown meter on it is one that we answer on. */
static const char *
role(const struct config *config, unsigned index)
{
	for (unsigned i = 0; i < config->shown_count; i++) {
		if (config->shown[i].line_index == index)
			return "answers";
	}
	return "asks";
}

static json_t *
line_json(const struct api *api, unsigned index, struct mono now)
{
	struct live_line line;

	live_read_line(api->live, index, &line);
	return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:I}",
	    "name", api->config->lines[index].name, "role",
	    role(api->config, index), "up", (int)(line.line.up != 0),
	    "heard_age_ms", age(line.received.us, now), "counting_ms",
	    age(line.line.since_us, now), "events",
	    events_json(line.line.count, TALLY_EVENTS), "units",
	    units_json(&line), "replies", replies_json(&line), "asked",
	    asked_json(&line, now), "asked_replaced",
	    (json_int_t)line.line.replaced);
}

void
lines_get(
    const struct api *api, const struct request *request, struct reply *reply)
{
	struct mono now = clock_now();
	json_t *lines = json_array();

	(void)request;
	for (unsigned i = 0; i < api->config->lines_count; i++)
		json_array_append_new(lines, line_json(api, i, now));
	reply_json(reply, 200, json_pack("{s:o}", "lines", lines));
}

/* What a family says of one line. */
typedef void line_writer(
    FILE *out, const char *name, const struct message_line *line);

static void
write_up(FILE *out, const char *name, const struct message_line *line)
{
	fprintf(out, "gridshim_line_up{line=\"%s\"} %d\n", name, line->up != 0);
}

static void
write_events(FILE *out, const char *name, const struct message_line *line)
{
	for (int i = 0; i < TALLY_EVENTS; i++)
		fprintf(out,
		    "gridshim_line_events_total{line=\"%s\",event=\"%s\"} "
		    "%llu\n",
		    name, message_tally_name((enum tally_event)i),
		    (unsigned long long)line->count[i]);
}

static void
write_histogram(FILE *out, const char *labels, const struct histogram *from)
{
	const char *name = "gridshim_reply_seconds";
	unsigned long long below = 0;

	for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
		below += from->bucket[i];
		fprintf(out, "%s_bucket{%s,le=\"%g\"} %llu\n", name, labels,
		    (double)histogram_bounds_us[i] / 1e6, below);
	}
	below += from->bucket[HISTOGRAM_BOUNDS];
	fprintf(out,
	    "%s_bucket{%s,le=\"+Inf\"} %llu\n%s_sum{%s} %.15g\n"
	    "%s_count{%s} %llu\n",
	    name, labels, below, name, labels, (double)from->sum_us / 1e6, name,
	    labels, below);
}

static void
write_replies(FILE *out, const char *name, const struct message_line *line)
{
	char labels[MESSAGE_NAME_SIZE + 32];

	for (int i = 0; i < TALLY_REPLIES; i++) {
		if (line->reply[i].count == 0)
			continue;
		snprintf(labels, sizeof(labels), "line=\"%s\",by=\"%s\"", name,
		    message_reply_name((enum tally_reply)i));
		write_histogram(out, labels, &line->reply[i]);
	}
}

static const struct {
	const char *header;
	line_writer *write;
} families[] = {
	{ "# HELP gridshim_line_up 1 while the line is open.\n"
	  "# TYPE gridshim_line_up gauge\n",
	    write_up },
	{ "# HELP gridshim_line_events_total What was counted on a line.\n"
	  "# TYPE gridshim_line_events_total counter\n",
	    write_events },
	{ "# HELP gridshim_reply_seconds Ours: last byte of the request to "
	  "our write. Device: our write to the last byte of its reply.\n"
	  "# TYPE gridshim_reply_seconds histogram\n",
	    write_replies },
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

void
lines_metrics(const struct api *api, FILE *out)
{
	struct live_line line;

	for (unsigned family = 0; family < FAMILIES; family++) {
		fputs(families[family].header, out);
		for (unsigned i = 0; i < api->config->lines_count; i++) {
			live_read_line(api->live, i, &line);
			if (line.known)
				families[family].write(out,
				    api->config->lines[i].name, &line.line);
		}
	}
}
