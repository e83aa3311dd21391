/* SPDX-License-Identifier: MIT */
#include "proxy/tool.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "proxy/job.h"
#include "proxy/tool_options.h"
#include "proxy/writing.h"

#define SLOW_US 1000000 /* from then on progress is shown */

struct tool {
	struct tool_options options;
	struct map map;
	bool has_map;
	struct ground ground;
	struct sunspec chain;
	struct job job;
	struct wire_tool wire;
	bool is_open;
	struct mono begun;
	unsigned requests; /* of jobs that are over */
	bool shows; /* progress stands on the terminal */
	json_t *points; /* what came out */
	bool bad; /* not all of it did */
};

/* --- start and end -------------------------------------------------------- */

static bool
complain(const char *what)
{
	fprintf(stderr, "gridshim: %s\n", what);
	return false;
}

static bool
tool_load(struct tool *tool)
{
	char error[512];

	if (!map_load(
		tool->options.map_file, &tool->map, error, sizeof(error))) {
		fprintf(stderr, "%s\n", error);
		return false;
	}
	tool->has_map = true;
	if (!ground_init(&tool->ground, &tool->map) ||
	    !job_init(&tool->job, tool->map.entries_count + 1))
		return complain("out of memory");
	sunspec_start(&tool->chain, &tool->map);
	tool->points = json_array();
	if (!tool_options_complete(
		&tool->options, &tool->map, error, sizeof(error)))
		return complain(error);
	return true;
}

static bool
tool_open(struct tool *tool)
{
	char error[512];

	tool->is_open = wire_tool_open(&tool->wire, &tool->options.place,
	    tool->map.gap_ms, error, sizeof(error));
	tool->begun = clock_now();
	return tool->is_open || complain(error);
}

static void
tool_close(struct tool *tool)
{
	if (tool->is_open)
		wire_tool_close(&tool->wire);
	json_decref(tool->points);
	job_free(&tool->job);
	if (!tool->has_map)
		return;
	ground_free(&tool->ground);
	map_unload(&tool->map);
}

/* --- carrying a job ------------------------------------------------------- */

static void
show_progress(struct tool *tool)
{
	if (!isatty(STDERR_FILENO) ||
	    mono_diff_us(clock_now(), tool->begun) < SLOW_US)
		return;
	fprintf(stderr, "\r%u requests, %u of %u ",
	    tool->requests + tool->job.requests, tool->job.read,
	    tool->job.reading.reads_count);
	tool->shows = true;
}

static void
hide_progress(struct tool *tool)
{
	if (tool->shows)
		fprintf(stderr, "\r\033[K");
	tool->shows = false;
}

static void
ask(struct tool *tool, const struct job_order *order)
{
	uint8_t answer[PDU_MAX];
	size_t length;

	length = wire_tool_ask(&tool->wire, (uint8_t)tool->options.unit,
	    order->pdu, order->length, answer);
	if (length > 0)
		job_take(&tool->job, answer, length, clock_now());
	else
		job_silent(&tool->job, clock_now());
	show_progress(tool);
}

static void
carry(struct tool *tool)
{
	struct job_order order;

	for (;;) {
		job_next(&tool->job, clock_now(), &order);
		switch (order.step) {
		case JOB_ASK:
			ask(tool, &order);
			break;
		case JOB_PAUSE:
			usleep(
			    (useconds_t)mono_diff_us(order.until, clock_now()));
			break;
		case JOB_COUNT:
			/* By hand: whoever writes here sees how often. */
			job_counted(&tool->job, NULL);
			break;
		case JOB_DONE:
			tool->requests += tool->job.requests;
			hide_progress(tool);
			return;
		}
	}
}

/* --- what came out -------------------------------------------------------- */

static void
add_point(struct tool *tool, const struct map_entry *entry,
    const struct value *value, const char *trouble)
{
	char text[VALUE_TEXT_SIZE];
	json_t *number = json_null();
	json_t *point;

	if (trouble == NULL)
		value_print(entry, value, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", trouble);
	if (trouble == NULL && value->kind == VALUE_NUMBER)
		number = json_real(value->number);
	point = json_pack("{s:s, s:o, s:s, s:s}", "name", entry->name, "value",
	    number, "text", text, "unit", entry->unit);
	if (trouble != NULL)
		json_object_set_new(point, "error", json_string(trouble));
	json_array_append_new(tool->points, point);
	tool->bad = tool->bad || trouble != NULL;
}

static void
print_json(const struct tool *tool, double seconds)
{
	json_t *all = json_pack("{s:s, s:O, s:i, s:f}", "device",
	    tool->map.name, "points", tool->points, "requests",
	    (int)tool->requests, "seconds", seconds);
	char *text = json_dumps(all, JSON_INDENT(1) | JSON_REAL_PRECISION(12));

	if (text != NULL)
		puts(text);
	free(text);
	json_decref(all);
}

static void
print_table(const struct tool *tool)
{
	const json_t *point;
	size_t index, width = 0;

	json_array_foreach(tool->points, index, point)
	{
		size_t length =
		    strlen(json_string_value(json_object_get(point, "name")));

		width = length > width ? length : width;
	}
	json_array_foreach(tool->points, index, point) printf("%-*s  %s%s\n",
	    (int)width, json_string_value(json_object_get(point, "name")),
	    json_object_get(point, "error") != NULL ? "! " : "",
	    json_string_value(json_object_get(point, "text")));
}

static int
print_all(const struct tool *tool)
{
	double seconds = (double)mono_diff_us(clock_now(), tool->begun) / 1e6;

	if (tool->options.json)
		print_json(tool, seconds);
	else
		print_table(tool);
	return tool->bad ? EX_IOERR : EX_OK;
}

/* --- names ---------------------------------------------------------------- */

static bool
no_such_point(const struct tool *tool, const char *name)
{
	fprintf(stderr, "gridshim: %s has no point '%s'", tool->map.name, name);
	for (unsigned i = 0, told = 0; i < tool->map.entries_count; i++) {
		const char *other = tool->map.entries[i].name;

		if (told < 8 && (strstr(other, name) != NULL ||
				    strncmp(other, name, 4) == 0))
			fprintf(stderr, "%s %s", told++ == 0 ? "; near:" : ",",
			    other);
	}
	fprintf(stderr, "\n");
	return false;
}

/* -1: said that there is none. */
static int
find_entry(const struct tool *tool, const char *name)
{
	const struct map_entry *entry = map_entry(&tool->map, name);

	if (entry == NULL) {
		no_such_point(tool, name);
		return -1;
	}
	return (int)(entry - tool->map.entries);
}

/* --- read ----------------------------------------------------------------- */

/* All of them, but for second places of what has one already. */
static void
want_all(struct tool *tool, bool *wanted)
{
	for (unsigned i = 0; i < tool->map.entries_count; i++) {
		const struct map_entry *entry = &tool->map.entries[i];

		wanted[i] = entry->readable &&
		            map_entry(&tool->map, entry->name) == entry;
	}
}

static bool
want_named(struct tool *tool, bool *wanted)
{
	for (unsigned i = 0; i < tool->options.points_count; i++) {
		const char *name = tool->options.points[i];
		int entry = find_entry(tool, name);

		if (entry < 0)
			return false;
		if (!tool->map.entries[entry].readable) {
			fprintf(
			    stderr, "gridshim: %s can only be written\n", name);
			return false;
		}
		wanted[entry] = true;
	}
	return true;
}

static void
take_values(struct tool *tool, const bool *wanted)
{
	for (unsigned i = 0; i < tool->map.entries_count; i++) {
		struct value value;
		char why[JOB_REASON_SIZE];
		bool good;

		if (!wanted[i])
			continue;
		good = tool->job.end == JOB_READ &&
		       reading_value(&tool->job.reading, i, &value) ==
		           READING_TAKEN;
		if (tool->job.end != JOB_READ)
			snprintf(why, sizeof(why), "%s", tool->job.reason);
		else
			reading_why(&tool->job.reading, i, why, sizeof(why));
		add_point(
		    tool, &tool->map.entries[i], &value, good ? NULL : why);
	}
}

static int
read_wanted(struct tool *tool, bool *wanted)
{
	if (tool->options.points_count == 0)
		want_all(tool, wanted);
	else if (!want_named(tool, wanted))
		return EX_USAGE;
	if (!tool_open(tool))
		return EX_UNAVAILABLE;
	job_start(&tool->job, &tool->ground, &tool->chain);
	tool->job.apart = tool->options.one_by_one;
	for (unsigned i = 0; i < tool->map.entries_count; i++) {
		if (wanted[i])
			job_want(&tool->job, i);
	}
	carry(tool);
	take_values(tool, wanted);
	return tool->job.answered ? print_all(tool)
	                          : (print_all(tool), EX_UNAVAILABLE);
}

int
tool_read(int argc, char **argv)
{
	static struct tool tool;
	bool *wanted = NULL;
	int code = tool_options_parse(&tool.options, argc, argv);

	if (code >= 0)
		return code;
	code = EX_CONFIG;
	if (tool_load(&tool)) {
		wanted = calloc(tool.map.entries_count + 1, sizeof(*wanted));
		code = wanted != NULL ? read_wanted(&tool, wanted) : EX_OSERR;
	}
	free(wanted);
	tool_close(&tool);
	return code;
}

/* --- write ---------------------------------------------------------------- */

struct assignment {
	unsigned entry;
	struct value value;
};

static bool
parse_assignment(
    struct tool *tool, const char *text, struct assignment *assignment)
{
	const char *equals = strchr(text, '=');
	char name[MAP_NAME_SIZE], why[JOB_REASON_SIZE];
	const struct map_entry *entry;
	int found;

	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	found = find_entry(tool, name);
	if (found < 0)
		return false;
	entry = &tool->map.entries[found];
	assignment->entry = (unsigned)found;
	if (value_parse(
		entry, equals + 1, &assignment->value, why, sizeof(why)) &&
	    writing_check(entry, &assignment->value, tool->options.force, why,
		sizeof(why)))
		return true;
	fprintf(stderr, "gridshim: %s: %s\n", text, why);
	return false;
}

/* What the device holds now, if it can be told; else what was written. */
static void
take_written(struct tool *tool, const struct assignment *assignment)
{
	const struct map_entry *entry = &tool->map.entries[assignment->entry];
	const struct job *job = &tool->job;
	struct value value = assignment->value;
	int scale10;

	if (job->end != JOB_FAILED &&
	    reading_scale10(&job->reading, assignment->entry, &scale10))
		value_get(entry, job->words, scale10, &value);
	add_point(
	    tool, entry, &value, job->end == JOB_FAILED ? job->reason : NULL);
	if (job->end == JOB_FAILED)
		fprintf(stderr, "gridshim: %s\n", job->reason);
	else if (job->end == JOB_UNSEEN && !tool->options.json)
		fprintf(
		    stderr, "gridshim: %s cannot be read back\n", entry->name);
	else if (job->end == JOB_SAME && !tool->options.json)
		fprintf(stderr, "gridshim: %s was that already\n", entry->name);
}

static int
write_all(struct tool *tool, struct assignment *assignments)
{
	unsigned count = tool->options.points_count;

	for (unsigned i = 0; i < count; i++) {
		if (!parse_assignment(
			tool, tool->options.points[i], &assignments[i]))
			return EX_DATAERR;
	}
	if (!tool_open(tool))
		return EX_UNAVAILABLE;
	/* What comes behind one that failed may rest on it. */
	for (unsigned i = 0; i < count && !tool->bad; i++) {
		job_start(&tool->job, &tool->ground, &tool->chain);
		job_write(
		    &tool->job, assignments[i].entry, &assignments[i].value);
		carry(tool);
		take_written(tool, &assignments[i]);
	}
	return print_all(tool);
}

int
tool_write(int argc, char **argv)
{
	static struct tool tool;
	struct assignment *assignments = NULL;
	int code = tool_options_parse(&tool.options, argc, argv);

	if (code >= 0)
		return code;
	code = EX_CONFIG;
	if (tool_load(&tool)) {
		assignments =
		    calloc(tool.options.points_count, sizeof(*assignments));
		code = assignments != NULL ? write_all(&tool, assignments)
		                           : EX_OSERR;
	}
	free(assignments);
	tool_close(&tool);
	return code;
}
