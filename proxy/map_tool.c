/* SPDX-License-Identifier: MIT */
#include "proxy/map_tool.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/yaml.h"
#include "proxy/import.h"
#include "proxy/map_show.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	PATH_SIZE = 4096,
	ERROR_SIZE = 512,
	CSV_MAX = 4 << 20, /* bytes */
	FILES_MAX = 4096,
};

/* What may follow the subcommand. */
struct tool {
	const char *map_dir;
	const char *output; /* NULL: stdout */
	struct import_known known;
	bool json;
	bool help;
	char **arguments;
	int arguments_count;
};

/* --- list ------------------------------------------------------------------
 */

static const char suffix[] = ".yaml";

static int
is_map_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > strlen(suffix) && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + length - strlen(suffix), suffix) == 0;
}

static json_t *
list_json(const struct map *map, const char *name)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:s}", "map", name, "kind",
	    map_show_kind(map->kind), "name", map->name, "points",
	    (int)map->entries_count, "confidence", map_show_confidence(map));
}

/* False when the file is no map; said on stderr. */
static bool
list_one(const struct tool *tool, const char *file, json_t *array)
{
	static struct map map;
	char path[PATH_SIZE], error[ERROR_SIZE];
	char name[256];

	snprintf(path, sizeof(path), "%s/%s", tool->map_dir, file);
	if (!map_load(path, &map, error, sizeof(error))) {
		fprintf(stderr, "%s\n", error);
		return false;
	}
	snprintf(name, sizeof(name), "%.*s",
	    (int)(strlen(file) - strlen(suffix)), file);
	if (array != NULL)
		(void)json_array_append_new(array, list_json(&map, name));
	else
		printf("%-9s %-34s %5u  %-8s  %s\n", map_show_kind(map.kind),
		    name, map.entries_count, map_show_confidence(&map),
		    map.name);
	map_unload(&map);
	return true;
}

static void
print_json(json_t *json)
{
	(void)json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(json);
}

static int
list(const struct tool *tool)
{
	struct dirent **files;
	int count = scandir(tool->map_dir, &files, is_map_file, alphasort);
	json_t *array = tool->json ? json_array() : NULL;
	bool good = true;

	if (count < 0) {
		fprintf(stderr, "%s: %s\n", tool->map_dir, strerror(errno));
		json_decref(array);
		return EX_NOINPUT;
	}
	if (array == NULL)
		printf("%-9s %-34s %5s  %-8s  %s\n", "KIND", "MAP", "POINTS",
		    "SURE", "NAME");
	for (int i = 0; i < count; i++) {
		good &= list_one(tool, files[i]->d_name, array);
		free(files[i]);
	}
	free(files);
	if (array != NULL)
		print_json(array);
	return good ? EX_OK : EX_DATAERR;
}

/* --- show ------------------------------------------------------------------
 */

/* A name is looked up among the maps; a path is taken as it is. */
static void
find_path(const struct tool *tool, const char *name, char path[PATH_SIZE])
{
	if (strchr(name, '/') != NULL || strstr(name, suffix) != NULL)
		snprintf(path, PATH_SIZE, "%s", name);
	else
		snprintf(
		    path, PATH_SIZE, "%s/%s%s", tool->map_dir, name, suffix);
}

static int
show(const struct tool *tool)
{
	static struct map map;
	char path[PATH_SIZE], error[ERROR_SIZE];
	struct yaml_file *file;
	const char *quirks;

	find_path(tool, tool->arguments[0], path);
	if (!map_load(path, &map, error, sizeof(error))) {
		fprintf(stderr, "%s\n", error);
		return access(path, R_OK) == 0 ? EX_DATAERR : EX_NOINPUT;
	}
	file = yaml_file_open(path, error, sizeof(error));
	quirks = file != NULL ? yaml_file_text(file, "", "quirks") : NULL;
	if (tool->json)
		print_json(map_show_json(&map, quirks));
	else
		map_show_text(&map, quirks, stdout);
	if (file != NULL)
		yaml_file_close(file);
	map_unload(&map);
	return EX_OK;
}

/* --- check -----------------------------------------------------------------
 */

static int
check(const struct tool *tool)
{
	static struct map map;
	char error[ERROR_SIZE];
	int code = EX_OK;

	for (int i = 0; i < tool->arguments_count; i++) {
		if (!map_load(tool->arguments[i], &map, error, sizeof(error))) {
			printf("%s\n", error);
			code = EX_DATAERR;
			continue;
		}
		printf("%s: ok\n", tool->arguments[i]);
		map_unload(&map);
	}
	return code;
}

/* --- import ----------------------------------------------------------------
 */

/* The caller frees it; there is room for one byte more. */
static char *
read_whole(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	char *text = malloc(CSV_MAX + 1);

	if (file == NULL || text == NULL) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
	} else {
		*size = fread(text, 1, CSV_MAX, file);
		if (!ferror(file) && fgetc(file) == EOF) {
			fclose(file);
			return text;
		}
		fprintf(stderr, "%s: cannot be read, or is too large\n", name);
	}
	if (file != NULL)
		fclose(file);
	free(text);
	return NULL;
}

/* Loads the new map as it will be loaded; its file does not exist yet. */
static bool
is_good_map(const char *yaml, size_t size)
{
	static struct map map;
	char path[64], error[ERROR_SIZE] = "";
	int fd = memfd_create("map", MFD_CLOEXEC);
	bool good;

	if (fd < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	good = write(fd, yaml, size) == (ssize_t)size &&
	       map_load(path, &map, error, sizeof(error));
	if (good)
		map_unload(&map);
	else
		fprintf(stderr, "the new map is not good yet: line %s\n",
		    strncmp(error, path, strlen(path)) == 0
			? error + strlen(path) + 1
			: error);
	close(fd);
	return good;
}

static bool
write_whole(const char *name, const char *text, size_t size)
{
	FILE *file = name != NULL ? fopen(name, "wb") : stdout;
	bool good;

	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		return false;
	}
	good = fwrite(text, 1, size, file) == size;
	good &= (name != NULL ? fclose(file) : fflush(file)) == 0;
	if (!good)
		fprintf(stderr, "%s: %s\n", name != NULL ? name : "stdout",
		    strerror(errno));
	return good;
}

/* What is made of it is written even if it is not good, so that a person can
 * mend it; the exit code tells. */
static int
import(const struct tool *tool)
{
	struct import_report report = { .out = stderr };
	size_t size = 0, yaml_size = 0;
	char *yaml = NULL, *text = read_whole(tool->arguments[0], &size);
	int code = EX_DATAERR;
	FILE *out;
	bool made;

	if (text == NULL)
		return EX_NOINPUT;
	out = open_memstream(&yaml, &yaml_size);
	made =
	    out != NULL && import_text(text, size, &tool->known, out, &report);
	if (out != NULL)
		fclose(out);
	if (made && !write_whole(tool->output, yaml, yaml_size))
		code = EX_CANTCREAT;
	else if (made && is_good_map(yaml, yaml_size))
		code = EX_OK;
	if (report.count > 0)
		fprintf(stderr, "%s: %u lines to look at\n", tool->arguments[0],
		    report.count);
	free(yaml);
	free(text);
	return code;
}

/* --- command line ----------------------------------------------------------
 */

static const struct {
	const char *name;
	int (*run)(const struct tool *tool);
	int least, most; /* arguments */
	const char *usage;
	const char *text;
} commands[] = {
	{ "list", list, 0, 0, "[-m DIR] [--json]",
	    "Lists the maps: kind, name for the configuration, number of "
	    "points, how\nsure its least sure point is, and the maker's "
	    "name.\n" },
	{ "show", show, 1, 1, "[-m DIR] [--json] NAME|FILE",
	    "Shows a map: its limits and quirks, and a line for each "
	    "point.\n" },
	{ "check", check, 1, FILES_MAX, "FILE...",
	    "Reads map files. Says of each that it is ok, or\n"
	    "FILE:LINE:COLUMN: reason.\n" },
	{ "import", import, 1, 1,
	    "[-o FILE] [--name NAME] [--kind KIND]\n"
	    "       [--addressing zero|one|vendor] FILE.csv",
	    "Makes a map of a spreadsheet saved as CSV, on stdout or in FILE. "
	    "Says on\nstderr which rows it could not read, or took for less "
	    "than they look, and why.\nThe notes and columns it knows are in "
	    "gridshim(8).\n\n"
	    "  -o, --output FILE   where to write the map\n"
	    "      --name NAME     the maker's name, if no note tells it\n"
	    "      --kind KIND     meter, inverter, battery, wallbox, heater\n"
	    "      --addressing    zero: as on the wire; one: one higher; "
	    "vendor: 30001,\n"
	    "                      40001\n" },
};

enum { OPTION_JSON = 256, OPTION_NAME, OPTION_KIND, OPTION_ADDRESSING };

static bool
read_addressing(const char *text, enum import_addressing *addressing)
{
	static const char *const words[] = { "", "zero", "one", "vendor" };

	for (unsigned i = 1; i < COUNT(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			*addressing = (enum import_addressing)i;
			return true;
		}
	}
	fprintf(stderr, "--addressing must be zero, one or vendor\n");
	return false;
}

static bool
set_option(struct tool *tool, int option)
{
	switch (option) {
	case 'm':
		tool->map_dir = optarg;
		return true;
	case 'o':
		tool->output = optarg;
		return true;
	case 'h':
		tool->help = true;
		return true;
	case OPTION_JSON:
		tool->json = true;
		return true;
	case OPTION_NAME:
		tool->known.name = optarg;
		return true;
	case OPTION_KIND:
		tool->known.kind = optarg;
		return true;
	case OPTION_ADDRESSING:
		return read_addressing(optarg, &tool->known.addressing);
	default:
		return false;
	}
}

static bool
parse(struct tool *tool, const struct options *options)
{
	static const struct option table[] = {
		{ "maps", required_argument, NULL, 'm' },
		{ "output", required_argument, NULL, 'o' },
		{ "name", required_argument, NULL, OPTION_NAME },
		{ "kind", required_argument, NULL, OPTION_KIND },
		{ "addressing", required_argument, NULL, OPTION_ADDRESSING },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*tool = (struct tool){
		.map_dir = options->map_dir,
		.json = options->json,
	};
	optind = 0; /* a second command line begins: scan it from its start */
	while ((option = getopt_long(options->arguments_count,
		    options->arguments, "m:o:h", table, NULL)) != -1) {
		if (!set_option(tool, option))
			return false;
	}
	tool->arguments = options->arguments + optind;
	tool->arguments_count = options->arguments_count - optind;
	return true;
}

int
map_tool_main(const struct options *options)
{
	struct tool tool;
	size_t i = 0;

	if (options->arguments_count == 0) {
		fprintf(stderr, "gridshim map: list, show, check or import?\n");
		return EX_USAGE;
	}
	while (i < COUNT(commands) &&
	       strcmp(options->arguments[0], commands[i].name) != 0)
		i++;
	if (i == COUNT(commands)) {
		fprintf(stderr, "gridshim map: no command '%s'\n",
		    options->arguments[0]);
		return EX_USAGE;
	}
	if (!parse(&tool, options))
		return EX_USAGE;
	if (tool.help || tool.arguments_count < commands[i].least ||
	    tool.arguments_count > commands[i].most) {
		fprintf(tool.help ? stdout : stderr,
		    "usage: gridshim map %s %s\n\n%s", commands[i].name,
		    commands[i].usage, commands[i].text);
		return tool.help ? EX_OK : EX_USAGE;
	}
	return commands[i].run(&tool);
}
