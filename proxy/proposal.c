/* SPDX-License-Identifier: MIT */
#include "proxy/proposal.h"

#include <ctype.h>
#include <string.h>

#include "gateway/config.h"

/* What a kind of device is to the configuration; no role: it cannot be asked
 * by this version. */
static const struct kind_role {
	const char *first; /* role of the first one found */
	const char *more; /* and of all others */
	const char *name; /* with a number behind it */
} kinds[] = {
	[MAP_METER] = { "grid_meter", "meter", "meter" },
	[MAP_INVERTER] = { NULL, NULL, "inverter" },
	[MAP_BATTERY] = { NULL, NULL, "battery" },
	[MAP_WALLBOX] = { NULL, NULL, "wallbox" },
	[MAP_HEATER] = { NULL, NULL, "heater" },
	[MAP_OTHER] = { NULL, NULL, "other" },
};

enum { LIMIT_W = 3000, SLOW_POLL_MS = 1000 };

/* A plain scalar, also within {}, or else quoted. */
static void
put_text(FILE *out, const char *text)
{
	bool plain = *text != '\0';

	for (const char *c = text; *c != '\0'; c++)
		plain = plain && (isalnum((unsigned char)*c) ||
				     strchr("/_.-", *c) != NULL);
	plain = plain && *text != '-';
	if (!plain)
		putc('"', out);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			putc('\\', out);
		putc(*c, out);
	}
	if (!plain)
		putc('"', out);
}

/* Up to the end of the line, whatever a device says of itself. */
static void
put_comment(FILE *out, const char *text)
{
	fputs("   # ", out);
	for (; *text != '\0'; text++)
		putc(isprint((unsigned char)*text) ? *text : '?', out);
}

static void
put_line(FILE *out, unsigned number, const char *serial, uint32_t baud,
    const char *format, bool echo)
{
	fprintf(out, "  - {name: line%u, serial: ", number);
	put_text(out, serial);
	fprintf(out, ", baud: %u, format: %s%s}\n", baud, format,
	    echo ? ", echo: on" : "");
}

/* Devices */

static bool
same_setting(const struct proposal_device *a, const struct proposal_device *b)
{
	return a->line == b->line && a->baud == b->baud &&
	       strcmp(a->format, b->format) == 0;
}

static bool
is_known(const struct proposal_device *device)
{
	return device->map != NULL && kinds[device->kind].first != NULL;
}

struct writer {
	FILE *out;
	const struct proposal_line *lines;
	unsigned lines_count;
	const struct proposal_device *devices;
	unsigned devices_count;
	unsigned lines_used;
	unsigned devices_used;
	unsigned of_kind[MAP_OTHER + 1];
};

/* The setting that serves most devices of the line; NULL: none is of use. */
static const struct proposal_device *
setting_of(const struct writer *writer, unsigned line)
{
	const struct proposal_device *best = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < writer->devices_count; i++) {
		const struct proposal_device *at = &writer->devices[i];
		unsigned count = 0;

		for (unsigned k = 0; k < writer->devices_count; k++)
			count += is_known(&writer->devices[k]) &&
			         same_setting(at, &writer->devices[k]);
		if (at->line == line && is_known(at) && count > most) {
			best = at;
			most = count;
		}
	}
	return best;
}

/* Why a device cannot be configured; NULL: it can. */
static const char *
obstacle(const struct writer *writer, const struct proposal_device *device)
{
	const struct proposal_device *setting;

	if (device->map == NULL)
		return "no map fits";
	if (kinds[device->kind].first == NULL)
		return "this version asks only meters";
	setting = setting_of(writer, device->line);
	if (setting != NULL && !same_setting(setting, device))
		return "set it to the speed and format of the others first";
	if (writer->devices_used == CONFIG_DEVICES_MAX)
		return "more devices than a configuration takes";
	return NULL;
}

static unsigned
line_number(const struct writer *writer, unsigned line)
{
	unsigned number = 1;

	for (unsigned i = 0; i < line; i++)
		number += setting_of(writer, i) != NULL;
	return number;
}

static void
put_device(struct writer *writer, const struct proposal_device *device)
{
	const struct kind_role *kind = &kinds[device->kind];
	const char *why = obstacle(writer, device);
	unsigned number = ++writer->of_kind[device->kind];
	const char *role = number == 1 ? kind->first : kind->more;
	unsigned line = line_number(writer, device->line);

	if (line > CONFIG_LINES_MAX && why == NULL)
		why = "more lines than a configuration takes";
	fprintf(writer->out,
	    "  %s- {name: %s%u, role: %s, line: line%u, "
	    "unit: %u, map: %s",
	    why != NULL ? "# " : "", kind->name, number,
	    role != NULL ? role : kind->name, line, device->unit,
	    device->map != NULL ? device->map : "?");
	if (device->kind == MAP_METER && number > 1)
		fprintf(writer->out, ", poll_ms: %d", SLOW_POLL_MS);
	putc('}', writer->out);
	if (device->title != NULL)
		put_comment(writer->out, device->title);
	if (why != NULL)
		fprintf(writer->out, "%s%s (%u %s)",
		    device->title != NULL ? ": " : "   # ", why, device->baud,
		    device->format);
	putc('\n', writer->out);
	writer->devices_used += why == NULL;
}

static void
put_lines(struct writer *writer)
{
	for (unsigned i = 0; i < writer->lines_count; i++) {
		const struct proposal_device *setting = setting_of(writer, i);

		if (setting == NULL)
			continue;
		if (writer->lines_used++ == 0)
			fputs("lines:\n", writer->out);
		if (writer->lines_used > CONFIG_LINES_MAX)
			fputs("#", writer->out);
		put_line(writer->out, writer->lines_used,
		    writer->lines[i].serial, setting->baud, setting->format,
		    writer->lines[i].echo);
	}
}

bool
proposal_devices(FILE *out, const struct proposal_line *lines,
    unsigned lines_count, const struct proposal_device *devices,
    unsigned devices_count)
{
	struct writer writer = { .out = out,
		.lines = lines,
		.lines_count = lines_count,
		.devices = devices,
		.devices_count = devices_count };

	put_lines(&writer);
	fputs(writer.lines_used > 0 ? "devices:\n" : "# devices:\n", out);
	for (unsigned i = 0; i < devices_count; i++)
		put_device(&writer, &devices[i]);
	return writer.devices_used > 0;
}

/* Shown meters */

/* Several units on one wire are one line. */
static bool
is_first_on_line(const struct proposal_shown *shown, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (strcmp(shown[i].serial, shown[index].serial) == 0)
			return false;
	return true;
}

static unsigned
shown_line(const struct proposal_shown *shown, unsigned index)
{
	unsigned number = 0;

	for (unsigned i = 0; i <= index; i++) {
		number += is_first_on_line(shown, i);
		if (strcmp(shown[i].serial, shown[index].serial) == 0)
			return number;
	}
	return number;
}

bool
proposal_shown(FILE *out, const struct proposal_shown *shown, unsigned count)
{
	if (count == 0)
		return false;
	fputs("lines:\n", out);
	for (unsigned i = 0; i < count; i++)
		if (is_first_on_line(shown, i))
			put_line(out, shown_line(shown, i), shown[i].serial,
			    shown[i].baud, shown[i].format, false);
	fputs("# source: the meter among the devices; limit_w: the most that "
	      "an offset may be\nshown:\n",
	    out);
	for (unsigned i = 0; i < count; i++) {
		fprintf(out,
		    "  - {name: shown%u, line: line%u, unit: %u, "
		    "map: %s, source: meter1, limit_w: %d}",
		    i + 1, shown_line(shown, i), shown[i].unit, shown[i].map,
		    LIMIT_W);
		if (shown[i].title != NULL)
			put_comment(out, shown[i].title);
		putc('\n', out);
	}
	return true;
}
