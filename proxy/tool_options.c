/* SPDX-License-Identifier: MIT */
#include "proxy/tool_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
	OPTION_MAPS = 256,
	OPTION_JSON,
	OPTION_ONE_BY_ONE,
	OPTION_FORCE,
	OPTION_HOLD,
	OPTION_URL,
	UNIT_MAX = 255,
	HOLD_MAX_S = 86400,
};

static const struct option long_options[] = {
	{ "line", required_argument, NULL, 'l' },
	{ "unit", required_argument, NULL, 'u' },
	{ "map", required_argument, NULL, 'm' },
	{ "maps", required_argument, NULL, OPTION_MAPS },
	{ "device", required_argument, NULL, 'd' },
	{ "config", required_argument, NULL, 'c' },
	{ "url", required_argument, NULL, OPTION_URL },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "one-by-one", no_argument, NULL, OPTION_ONE_BY_ONE },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "hold", required_argument, NULL, OPTION_HOLD },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char read_help[] =
    "usage: gridshim read -l LINE[:BAUD:FORMAT] [-u UNIT] -m MAP [POINT...]\n"
    "       gridshim read -d DEVICE [POINT...]\n\n"
    "Reads points by the names of the device's map; all of them when none is\n"
    "named. With -l the line is opened here, with -d it is asked through the\n"
    "running gateway.\n\n";

static const char write_help[] =
    "usage: gridshim write -l LINE[:BAUD:FORMAT] [-u UNIT] -m MAP "
    "POINT=VALUE...\n"
    "       gridshim write -d DEVICE POINT=VALUE...\n\n"
    "Writes points by the names of the device's map, and reads them back. A\n"
    "value that the device holds already is not written again. With -l the\n"
    "line is opened here, with -d it is written through the running gateway,\n"
    "which lets only pass what its configuration lists.\n\n";

static const char options_help[] =
    "  -l, --line LINE     /dev/ttyUSB0:9600:8N1, or tcp:HOST:PORT; speed and\n"
    "                      format may be left out: then as the map says\n"
    "  -u, --unit UNIT     1 to 247, as the map says if left out\n"
    "  -m, --map MAP       a map's name, or a file\n"
    "      --maps DIR      where maps are (" GRIDSHIM_MAPDIR ")\n"
    "  -d, --device NAME   a device of the running gateway\n"
    "  -c, --config FILE   its configuration (" GRIDSHIM_CONFIG ")\n"
    "      --url URL       where it runs (http://127.0.0.1:PORT)\n"
    "      --json          for a program to read\n"
    "      --one-by-one    read: each point in a request of its own\n"
    "      --force         write: though the point's range is not known\n"
    "      --hold SECONDS  write, -d: told again as often as the device wants\n"
    "  -h, --help          this text\n";

static bool
parse_number(const char *text, unsigned long max, unsigned *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*number = (unsigned)value;
	return end != text && *end == '\0' && value <= max && text[0] != '-';
}

static bool
take_number(
    const char *name, const char *text, unsigned long max, unsigned *number)
{
	if (parse_number(text, max, number) && *number > 0)
		return true;
	fprintf(stderr, "gridshim: %s must be 1 to %lu\n", name, max);
	return false;
}

/* False: said why. */
static bool
take_option(struct tool_options *options, int option, const char **map_dir)
{
	switch (option) {
	case 'l':
		options->line = optarg;
		return true;
	case 'u':
		return take_number("unit", optarg, UNIT_MAX, &options->unit);
	case 'm':
		options->map_name = optarg;
		return true;
	case 'd':
		options->device = optarg;
		return true;
	case 'c':
		options->config_file = optarg;
		return true;
	case OPTION_MAPS:
		*map_dir = optarg;
		return true;
	case OPTION_URL:
		options->url = optarg;
		return true;
	case OPTION_JSON:
		options->json = true;
		return true;
	case OPTION_ONE_BY_ONE:
		options->one_by_one = true;
		return true;
	case OPTION_FORCE:
		options->force = true;
		return true;
	case OPTION_HOLD:
		return take_number(
		    "hold", optarg, HOLD_MAX_S, &options->hold_s);
	default:
		return false;
	}
}

static int
refuse(const struct tool_options *options, const char *why, const char *what)
{
	fprintf(stderr, "gridshim: %s%s; see gridshim %s --help\n", why, what,
	    options->writes ? "write" : "read");
	return EX_USAGE;
}

static int
check(struct tool_options *options, const char *map_dir)
{
	char error[320];
	const char *name = options->map_name;

	if ((options->line != NULL) == (options->device != NULL))
		return refuse(options, "either -l LINE or -d DEVICE", "");
	if (options->writes && options->points_count == 0)
		return refuse(options, "nothing to write", "");
	for (unsigned i = 0; options->writes && i < options->points_count; i++)
		if (strchr(options->points[i], '=') == NULL)
			return refuse(
			    options, "not POINT=VALUE: ", options->points[i]);
	if (options->device != NULL)
		return -1;
	if (name == NULL)
		return refuse(options, "-m MAP is missing", "");
	if (!wire_tool_parse(
		options->line, &options->place, error, sizeof(error)))
		return refuse(options, error, "");
	if (strchr(name, '/') != NULL || strstr(name, ".yaml") != NULL)
		snprintf(
		    options->map_file, sizeof(options->map_file), "%s", name);
	else
		snprintf(options->map_file, sizeof(options->map_file),
		    "%s/%s.yaml", map_dir, name);
	return -1;
}

/* A value may begin with a dash, but never the word it stands in. */
int
tool_options_parse(struct tool_options *options, int argc, char **argv)
{
	const char *map_dir = GRIDSHIM_MAPDIR;
	int option;

	*options = (struct tool_options){
		.writes = strcmp(argv[0], "write") == 0,
		.config_file = GRIDSHIM_CONFIG,
	};
	optind = 1;
	while ((option = getopt_long(
		    argc, argv, "l:u:m:d:c:h", long_options, NULL)) != -1) {
		if (option == 'h') {
			printf("%s%s", options->writes ? write_help : read_help,
			    options_help);
			return EX_OK;
		}
		if (!take_option(options, option, &map_dir))
			return EX_USAGE;
	}
	options->points = argv + optind;
	options->points_count = (unsigned)(argc - optind);
	return check(options, map_dir);
}

bool
tool_options_complete(struct tool_options *options, const struct map *map,
    char *error, unsigned size)
{
	struct wire_tool_place *place = &options->place;

	if (options->unit == 0)
		options->unit = map->serial.unit;
	if (place->baud == 0)
		place->baud = map->serial.baud;
	if (place->format[0] == '\0')
		memcpy(
		    place->format, map->serial.format, sizeof(place->format));
	if (options->unit == 0) {
		snprintf(error, size, "which unit: -u UNIT is missing");
		return false;
	}
	if (place->tcp)
		return true;
	if (place->baud == 0 || place->format[0] == '\0') {
		snprintf(
		    error, size, "which speed: -l %s:BAUD:FORMAT", place->path);
		return false;
	}
	return true;
}
