/* SPDX-License-Identifier: MIT */
#include "proxy/scan_options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMON_TEXT                                                            \
	"  -l, --line DEVICE    a serial line; more of them: more -l\n"        \
	"      --bauds LIST     of 1200 2400 4800 9600 19200 38400 57600 "     \
	"115200\n"                                                             \
	"      --formats LIST   of 8N1 8E1 8O1 8N2\n"                          \
	"  -m, --maps DIR       register maps (" GRIDSHIM_MAPDIR ")\n"         \
	"      --json           for a program to read\n"                       \
	"  -h, --help           this text\n"

static const char scan_text[] =
    "usage: gridshim scan [options] [DEVICE...]\n\n"
    "Finds the devices on serial lines: tries speeds, formats and unit ids, "
    "likely\n"
    "ones first, finds the map that fits, and prints lines for "
    "gridshim.yaml.\n"
    "It only reads, and never writes a register or a coil: functions 1 to 4, "
    "17 and\n"
    "43/14. A line that somebody else uses is left alone. Without DEVICE: all "
    "of\n"
    "/dev/serial/by-id. Ctrl-C ends it with what was found so far.\n\n"
    "      --units LIST     unit ids to try (1-247, and those of the maps)\n"
    "      --quick          likely units alone, unless one answers\n"
    "      --all            other settings too, after one has answered\n"
    "      --timeout-ms N   for an answer to begin (120)\n"
    "      --before-s N     listens so long before it asks (3)\n" COMMON_TEXT;

static const char listen_text[] =
    "usage: gridshim listen [options] DEVICE\n\n"
    "Listens on a serial line on which others talk, and never sends a byte. "
    "Finds\n"
    "the speed and format, tells who is asked for what and how often, and "
    "which\n"
    "meter an inverter expects, with lines for gridshim.yaml. Ctrl-C ends it "
    "with\n"
    "what was heard so far.\n\n"
    "      --seconds N      so long, once the speed is known (20)\n"
    "      --write-map FILE a first map of what was read\n"
    "      --unit N         of this unit (the one that is asked "
    "most)\n" COMMON_TEXT;

enum option_value {
	OPTION_BAUDS = 256,
	OPTION_FORMATS,
	OPTION_UNITS,
	OPTION_QUICK,
	OPTION_ALL,
	OPTION_TIMEOUT,
	OPTION_BEFORE,
	OPTION_SECONDS,
	OPTION_WRITE_MAP,
	OPTION_UNIT,
	OPTION_JSON,
};

#define COMMON_OPTIONS                                                         \
	{ "line", required_argument, NULL, 'l' },                              \
	    { "bauds", required_argument, NULL, OPTION_BAUDS },                \
	    { "formats", required_argument, NULL, OPTION_FORMATS },            \
	    { "maps", required_argument, NULL, 'm' },                          \
	    { "json", no_argument, NULL, OPTION_JSON },                        \
	    { "help", no_argument, NULL, 'h' },                                \
	{                                                                      \
		NULL, 0, NULL, 0                                               \
	}

static const struct option scan_options[] = {
	{ "units", required_argument, NULL, OPTION_UNITS },
	{ "quick", no_argument, NULL, OPTION_QUICK },
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "timeout-ms", required_argument, NULL, OPTION_TIMEOUT },
	{ "before-s", required_argument, NULL, OPTION_BEFORE },
	COMMON_OPTIONS,
};
static const struct option listen_options[] = {
	{ "seconds", required_argument, NULL, OPTION_SECONDS },
	{ "write-map", required_argument, NULL, OPTION_WRITE_MAP },
	{ "unit", required_argument, NULL, OPTION_UNIT },
	COMMON_OPTIONS,
};

static bool
is_listen(const char *command)
{
	return strcmp(command, "listen") == 0;
}

const char *
scan_options_text(const char *command)
{
	return is_listen(command) ? listen_text : scan_text;
}

/* The whole of a number within the range; *text is behind it then. */
static bool
take_number(const char **text, unsigned long most, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*value = strtoul(*text, &end, 10);
	*text = end;
	return *value <= most;
}

static bool
number(const char *name, const char *text, unsigned long least,
    unsigned long most, unsigned *to)
{
	const char *at = text;
	unsigned long value;

	if (take_number(&at, most, &value) && *at == '\0' && value >= least) {
		*to = (unsigned)value;
		return true;
	}
	fprintf(stderr, "gridshim: --%s %s: must be %lu .. %lu\n", name, text,
	    least, most);
	return false;
}

bool
scan_options_units(const char *text, bool units[SCAN_PLAN_UNITS])
{
	unsigned long first, last;

	memset(units, 0, SCAN_PLAN_UNITS * sizeof(*units));
	do {
		if (!take_number(&text, SCAN_PLAN_UNITS - 1, &first) ||
		    first == 0)
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!take_number(&text, SCAN_PLAN_UNITS - 1, &last) ||
			    last < first)
				return false;
		}
		for (; first <= last; first++)
			units[first] = true;
	} while (*text++ == ',');
	return text[-1] == '\0';
}

/* Marks those of the known words that the list names. */
static bool
take_list(const char *name, const char *list, const char *const *known,
    unsigned known_count, bool *marks)
{
	size_t length;
	unsigned i;

	memset(marks, 0, known_count * sizeof(*marks));
	for (;;) {
		length = strcspn(list, ",");
		for (i = 0; i < known_count; i++)
			if (strlen(known[i]) == length &&
			    strncmp(known[i], list, length) == 0)
				break;
		if (i == known_count) {
			fprintf(stderr, "gridshim: --%s: '%.*s' is none of",
			    name, (int)length, list);
			for (i = 0; i < known_count; i++)
				fprintf(stderr, " %s", known[i]);
			fputs("\n", stderr);
			return false;
		}
		marks[i] = true;
		if (list[length] == '\0')
			return true;
		list += length + 1;
	}
}

static bool
take_bauds(struct scan_options *options, const char *list)
{
	char texts[SCAN_PLAN_BAUDS][12];
	const char *known[SCAN_PLAN_BAUDS];

	for (unsigned i = 0; i < SCAN_PLAN_BAUDS; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%u", scan_plan_bauds[i]);
		known[i] = texts[i];
	}
	return take_list(
	    "bauds", list, known, SCAN_PLAN_BAUDS, options->scope.bauds);
}

static bool
take_units(struct scan_options *options, const char *list)
{
	options->units_given = true;
	if (scan_options_units(list, options->scope.units))
		return true;
	fprintf(stderr,
	    "gridshim: --units %s: must be a list of 1 .. 255, as 1-5,247\n",
	    list);
	return false;
}

static bool
take_line(struct scan_options *options, const char *line)
{
	if (options->lines_count == SCAN_OPTIONS_LINES_MAX) {
		fprintf(stderr, "gridshim: more than %d lines\n",
		    SCAN_OPTIONS_LINES_MAX);
		return false;
	}
	options->lines[options->lines_count++] = line;
	return true;
}

static bool
take_option(struct scan_options *options, int option, const char *value)
{
	switch (option) {
	case 'l':
		return take_line(options, value);
	case OPTION_BAUDS:
		return take_bauds(options, value);
	case OPTION_FORMATS:
		return take_list("formats", value, scan_plan_formats,
		    SCAN_PLAN_FORMATS, options->scope.formats);
	case OPTION_UNITS:
		return take_units(options, value);
	case OPTION_QUICK:
		return options->scope.quick = true;
	case OPTION_ALL:
		return options->scope.all = true;
	case OPTION_TIMEOUT:
		return number(
		    "timeout-ms", value, 20, 5000, &options->timeout_ms);
	case OPTION_BEFORE:
		return number("before-s", value, 0, 60, &options->before_s);
	case OPTION_SECONDS:
		return number("seconds", value, 1, 86400, &options->seconds);
	case OPTION_WRITE_MAP:
		options->write_map = value;
		return true;
	case OPTION_UNIT:
		return number("unit", value, 1, 255, &options->unit);
	case OPTION_JSON:
		return options->json = true;
	case 'm':
		options->map_dir = value;
		return true;
	case 'h':
		return options->help = true;
	default:
		return false;
	}
}

static void
set_defaults(struct scan_options *options)
{
	*options = (struct scan_options){ .map_dir = GRIDSHIM_MAPDIR,
		.before_s = 3,
		.timeout_ms = 120,
		.seconds = 20 };
	memset(options->scope.bauds, true, sizeof(options->scope.bauds));
	memset(options->scope.formats, true, sizeof(options->scope.formats));
	(void)scan_options_units("1-247", options->scope.units);
}

bool
scan_options_parse(struct scan_options *options, int argc, char **argv)
{
	const struct option *known =
	    is_listen(argv[0]) ? listen_options : scan_options;
	int option;

	set_defaults(options);
	optind = 1;
	while ((option = getopt_long(argc, argv, "l:m:h", known, NULL)) != -1)
		if (!take_option(options, option, optarg))
			return false;
	for (; optind < argc; optind++)
		if (!take_line(options, argv[optind]))
			return false;
	return true;
}
