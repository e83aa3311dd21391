/* SPDX-License-Identifier: MIT */
#include "proxy/scan_report.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/proposal.h"

static const struct catalogue_map *
best_map(
    const struct scan_report *report, const struct scan_report_device *device)
{
	if (device->result.count == 0)
		return NULL;
	return &report->catalogue->maps[device->result.matches[0].map];
}

static void
append(char *text, unsigned size, const char *more, const char *what)
{
	size_t used = strlen(text);

	if (*what != '\0')
		snprintf(text + used, size - used, "%s%s", more, what);
}

void
scan_report_describe(const struct scan_report *report,
    const struct scan_report_device *device, char *text, unsigned size)
{
	const struct recognise_result *result = &device->result;
	const struct catalogue_map *map = best_map(report, device);

	text[0] = '\0';
	append(text, size, "", map != NULL ? map->map.name : "unknown device");
	if (result->sunspec.found) {
		append(text, size, ", SunSpec: ", result->sunspec.maker);
		append(text, size, " ", result->sunspec.model);
	}
	append(text, size, ", says: ", device->identity);
	for (unsigned i = 1; i < result->equal; i++)
		append(text, size, i == 1 ? ", or " : ", ",
		    report->catalogue->maps[result->matches[i].map].name);
	for (char *c = text; *c != '\0'; c++)
		*c = isprint((unsigned char)*c) ? *c : '?';
}

/* The proposal */

struct titles {
	char text[SCAN_REPORT_DEVICES_MAX][SCAN_REPORT_TEXT_SIZE];
};

static bool
propose(const struct scan_report *report, FILE *out)
{
	struct proposal_line lines[SCAN_OPTIONS_LINES_MAX];
	struct proposal_device devices[SCAN_REPORT_DEVICES_MAX];
	struct titles *titles = calloc(1, sizeof(*titles));
	bool good;

	if (titles == NULL)
		return false;
	for (unsigned i = 0; i < report->lines_count; i++)
		lines[i] = (struct proposal_line){
			.serial = report->lines[i].path,
			.echo = report->lines[i].echo,
		};
	for (unsigned i = 0; i < report->devices_count; i++) {
		const struct scan_report_device *from = &report->devices[i];
		const struct catalogue_map *map = best_map(report, from);

		scan_report_describe(
		    report, from, titles->text[i], sizeof(titles->text[i]));
		devices[i] = (struct proposal_device){ .line = from->line,
			.unit = from->unit,
			.baud = from->setting.baud,
			.map = map != NULL ? map->name : NULL,
			.kind = map != NULL ? map->map.kind : MAP_OTHER,
			.title = titles->text[i] };
		memcpy(devices[i].format, from->setting.format,
		    sizeof(devices[i].format));
	}
	good = proposal_devices(
	    out, lines, report->lines_count, devices, report->devices_count);
	free(titles);
	return good;
}

/* As text */

static void
put_device(const struct scan_report *report,
    const struct scan_report_device *device, FILE *out)
{
	const struct recognise_result *result = &device->result;
	char text[2 * SCAN_REPORT_TEXT_SIZE];

	scan_report_describe(report, device, text, sizeof(text));
	fprintf(out, "#   unit %u, %u %s: %s", device->unit,
	    device->setting.baud, device->setting.format, text);
	if (result->count > 0)
		fprintf(out, " (%s, %u held)",
		    recognise_how_name(result->matches[0].how),
		    result->matches[0].held);
	fprintf(out, ", answers after %u ms\n", device->latency_us / 1000);
}

bool
scan_report_text(const struct scan_report *report, FILE *out)
{
	for (unsigned i = 0; i < report->lines_count; i++) {
		const struct scan_report_line *line = &report->lines[i];
		unsigned count = 0;

		for (unsigned k = 0; k < report->devices_count; k++)
			count += report->devices[k].line == i;
		if (line->refused[0] != '\0')
			fprintf(out, "# %s: not scanned: %s\n", line->path,
			    line->refused);
		else
			fprintf(out, "# %s: %u device%s\n", line->path, count,
			    count == 1 ? "" : "s");
		for (unsigned k = 0; k < report->devices_count; k++)
			if (report->devices[k].line == i)
				put_device(report, &report->devices[k], out);
	}
	return report->devices_count > 0 && propose(report, out);
}

/* As JSON */

static json_t *
json_matches(
    const struct scan_report *report, const struct recognise_result *result)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < result->count; i++) {
		const struct recognise_match *match = &result->matches[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:i, s:i}", "map",
			      report->catalogue->maps[match->map].name, "how",
			      recognise_how_name(match->how), "score",
			      match->score, "held", (int)match->held));
	}
	return list;
}

static json_t *
json_device(
    const struct scan_report *report, const struct scan_report_device *device)
{
	const struct catalogue_map *map = best_map(report, device);
	const struct recognise_result *result = &device->result;

	return json_pack("{s:s, s:i, s:i, s:s, s:s?, s:i, s:s, s:s, s:s, s:b, "
			 "s:i, s:o}",
	    "line", report->lines[device->line].path, "unit", (int)device->unit,
	    "baud", (int)device->setting.baud, "format", device->setting.format,
	    "map", map != NULL ? map->name : NULL, "equal", (int)result->equal,
	    "maker", result->sunspec.maker, "model", result->sunspec.model,
	    "identity", device->identity, "sunspec", (int)result->sunspec.found,
	    "latency_us", (int)device->latency_us, "matches",
	    json_matches(report, result));
}

bool
scan_report_json(const struct scan_report *report, FILE *out)
{
	json_t *lines = json_array(), *devices = json_array(), *all;
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	bool good = memory != NULL && report->devices_count > 0 &&
	            propose(report, memory);

	if (memory != NULL)
		fclose(memory);
	for (unsigned i = 0; i < report->lines_count; i++)
		json_array_append_new(
		    lines, json_pack("{s:s, s:s?, s:b}", "serial",
			       report->lines[i].path, "refused",
			       report->lines[i].refused[0] != '\0'
				   ? report->lines[i].refused
				   : NULL,
			       "echo", (int)report->lines[i].echo));
	for (unsigned i = 0; i < report->devices_count; i++)
		json_array_append_new(
		    devices, json_device(report, &report->devices[i]));
	all = json_pack("{s:o, s:o, s:s}", "lines", lines, "devices", devices,
	    "proposal", text != NULL ? text : "");
	json_dumpf(all, out, JSON_INDENT(1));
	putc('\n', out);
	json_decref(all);
	free(text);
	return good;
}
