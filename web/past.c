/* SPDX-License-Identifier: MIT */
#include "web/past.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "storage/history.h"
#include "web/reply.h"
#include "web/request.h"

enum {
	TURN_S = 3, /* wait so long for the question before ours */
	EVENTS_USUAL = 100,
	EVENTS_MAX = 500,
	FROM_USUAL_S = -600,
};

/* The year 9999; farther times overflow nothing but are nonsense. */
#define TIME_MAX_MS 253402300799999.0

struct past {
	char *database;
	pthread_mutex_t turn; /* guards the handle */
	struct history *history; /* NULL: not open */
};

struct past *
past_new(const char *database)
{
	struct past *past = calloc(1, sizeof(*past));

	if (past == NULL)
		return NULL;
	past->database = strdup(database);
	if (past->database == NULL) {
		free(past);
		return NULL;
	}
	pthread_mutex_init(&past->turn, NULL);
	return past;
}

void
past_free(struct past *past)
{
	if (past->history != NULL)
		history_close(past->history);
	pthread_mutex_destroy(&past->turn);
	free(past->database);
	free(past);
}

/* Opens the database if need be. A file that is not there yet is an empty
 * past and no error: the handle stays NULL. */
static bool
open_history(struct past *past)
{
	if (past->history == NULL)
		past->history = history_open(past->database);
	return past->history != NULL ||
	       (access(past->database, F_OK) != 0 && errno == ENOENT);
}

/* False: the reply says why; else end_turn is due. */
static bool
begin_turn(struct past *past, struct reply *reply)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += TURN_S;
	reply->retry_after_s = TURN_S;
	if (pthread_mutex_timedlock(&past->turn, &until) != 0) {
		reply_problem(reply, PROBLEM_BUSY,
		    "Other questions to the history are under way.");
		return false;
	}
	if (!open_history(past)) {
		pthread_mutex_unlock(&past->turn);
		reply_problem(
		    reply, PROBLEM_NO_HISTORY, "The database cannot be read.");
		return false;
	}
	reply->retry_after_s = 0;
	return true;
}

/* After an error the file may have been set aside: open it anew next time. */
static void
end_turn(struct past *past, bool failed)
{
	if (failed && past->history != NULL) {
		history_close(past->history);
		past->history = NULL;
	}
	pthread_mutex_unlock(&past->turn);
}

struct range {
	const char *subject;
	enum quantity quantity;
	int64_t from_us;
	int64_t to_us;
	int64_t step_us;
};

static void
refuse(struct reply *reply, const char *pointer, const char *detail)
{
	reply_problem_take(reply, PROBLEM_VALIDATION, detail,
	    json_pack("[{s:s, s:s}]", "pointer", pointer, "code", "refused"));
}

/* UTC ms as it is; negative: seconds before now. */
static bool
read_time(const struct request *request, const char *name, double usual,
    int64_t now_us, int64_t *time_us)
{
	double value = usual;

	if (!request_number(request, name, &value) || fabs(value) > TIME_MAX_MS)
		return false;
	if (value < 0.0)
		*time_us = now_us + (int64_t)(fmax(value, -1e9) * 1e6);
	else
		*time_us = (int64_t)value * 1000;
	return true;
}

static bool
read_span(
    const struct request *request, struct range *range, struct reply *reply)
{
	int64_t now_us = clock_wall_us();
	double step_ms = 0.0;

	if (!read_time(
		request, "from", FROM_USUAL_S, now_us, &range->from_us)) {
		refuse(reply, "/from",
		    "from is UTC ms, or seconds before now "
		    "when negative.");
		return false;
	}
	if (!read_time(request, "to", (double)now_us / 1e3 + 1.0, now_us,
		&range->to_us) ||
	    range->to_us <= range->from_us) {
		refuse(reply, "/to", "to is a time as from is, after it.");
		return false;
	}
	if (!request_number(request, "step", &step_ms) || step_ms < 0.0 ||
	    step_ms > TIME_MAX_MS) {
		refuse(reply, "/step", "step is in ms, 0 or more.");
		return false;
	}
	range->step_us = (int64_t)step_ms * 1000;
	if (range->step_us > 0 &&
	    (range->to_us - range->from_us) / range->step_us >=
		HISTORY_POINTS_MAX) {
		refuse(reply, "/step",
		    "These are too many steps: 5000 at "
		    "most.");
		return false;
	}
	return true;
}

static bool
read_range(
    const struct request *request, struct range *range, struct reply *reply)
{
	const char *quantity = request_query(request, "quantity");

	range->subject = request_query(request, "subject");
	if (range->subject == NULL || *range->subject == '\0') {
		refuse(reply, "/subject",
		    "subject names a device or a shown "
		    "meter.");
		return false;
	}
	if (quantity == NULL || !quantity_parse(quantity, &range->quantity)) {
		refuse(reply, "/quantity",
		    "quantity is a name as /state has "
		    "them, or offset.");
		return false;
	}
	return read_span(request, range, reply);
}

static json_t *
milli(double value)
{
	return json_real(round(value * 1e3) / 1e3);
}

static json_t *
columns(
    const struct range *range, const struct history_point *points, int count)
{
	json_t *t = json_array(), *mean = json_array();
	json_t *min = json_array(), *max = json_array();

	for (int i = 0; i < count; i++) {
		json_array_append_new(
		    t, json_integer(points[i].wall_us / 1000));
		json_array_append_new(mean, milli(points[i].mean));
		json_array_append_new(min, milli(points[i].min));
		json_array_append_new(max, milli(points[i].max));
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o}",
	    "subject", range->subject, "quantity",
	    quantity_name(range->quantity), "unit",
	    quantity_unit(range->quantity), "from_ms",
	    (json_int_t)(range->from_us / 1000), "to_ms",
	    (json_int_t)(range->to_us / 1000), "t", t, "mean", mean, "min", min,
	    "max", max);
}

/* How many points there are, or -1 with the reason. With the turn held. */
static int
ask_range(struct past *past, const struct range *range,
    struct history_point *points, const char **error)
{
	*error = "no memory";
	if (points == NULL)
		return -1;
	if (past->history == NULL)
		return 0;
	return history_range(past->history, range->subject, range->quantity,
	    range->from_us, range->to_us, range->step_us, points,
	    HISTORY_POINTS_MAX, error);
}

void
past_history(
    const struct api *api, const struct request *request, struct reply *reply)
{
	struct history_point *points;
	const char *error;
	struct range range;
	int count;

	if (!read_range(request, &range, reply) ||
	    !begin_turn(api->past, reply))
		return;
	points = calloc(HISTORY_POINTS_MAX, sizeof(*points));
	count = ask_range(api->past, &range, points, &error);
	end_turn(api->past, count < 0);
	if (count < 0)
		reply_problem(reply, PROBLEM_NO_HISTORY,
		    error != NULL ? error : "The database gave no reason.");
	else
		reply_json(reply, 200, columns(&range, points, count));
	free(points);
}

static const char *
level_name(int level)
{
	static const char *const names[] = { "error", "warning", "info",
		"debug" };

	return level >= 0 && level < 4 ? names[level] : "?";
}

static json_t *
events_json(const struct history_event *events, int count)
{
	json_t *list = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(
		    list, json_pack("{s:I, s:s, s:s, s:s}", "t",
			      (json_int_t)(events[i].wall_us / 1000), "level",
			      level_name(events[i].level), "subject",
			      events[i].subject, "text", events[i].text));
	return json_pack("{s:o}", "events", list);
}

static int
ask_events(struct past *past, struct history_event *events, int limit,
    const char **error)
{
	*error = "no memory";
	if (events == NULL)
		return -1;
	if (past->history == NULL)
		return 0;
	return history_events(past->history, events, limit, error);
}

void
past_log(
    const struct api *api, const struct request *request, struct reply *reply)
{
	struct history_event *events;
	const char *error;
	double limit = EVENTS_USUAL;
	int count;

	if (!request_number(request, "limit", &limit) || limit < 1.0 ||
	    limit > EVENTS_MAX) {
		refuse(reply, "/limit", "limit is a number from 1 to 500.");
		return;
	}
	if (!begin_turn(api->past, reply))
		return;
	events = calloc((size_t)limit, sizeof(*events));
	count = ask_events(api->past, events, (int)limit, &error);
	end_turn(api->past, count < 0);
	if (count < 0)
		reply_problem(reply, PROBLEM_NO_HISTORY,
		    error != NULL ? error : "The database gave no reason.");
	else
		reply_json(reply, 200, events_json(events, count));
	free(events);
}
