/* SPDX-License-Identifier: MIT */
/* The command line: one table of commands. Running the box is run.h's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/log.h"
#include "gateway/options.h"
#include "gateway/password.h"
#include "gateway/remote.h"
#include "gateway/run.h"
#include "proxy/listen.h"
#include "proxy/map_tool.h"
#include "proxy/scan.h"
#include "proxy/setup.h"
#include "proxy/tool.h"

static struct setup *
load(const struct options *options)
{
	char error[512];
	struct setup *setup;

	setup = setup_load(
	    options->config_file, options->map_dir, error, sizeof(error));
	if (setup == NULL)
		fprintf(stderr, "%s\n", error);
	return setup;
}

static int
command_run(const struct options *options)
{
	struct setup *setup = load(options);

	return setup == NULL ? EX_CONFIG : run_main(options, setup);
}

static int
command_check(const struct options *options)
{
	struct setup *setup = load(options);

	if (setup == NULL)
		return EX_CONFIG;
	printf("%s: good: %u lines, %u devices, %u shown meters, %u maps\n",
	    options->config_file, setup->config->lines_count,
	    setup->config->devices_count, setup->config->shown_count,
	    setup->maps_count);
	setup_free(setup);
	return EX_OK;
}

static const struct {
	const char *name;
	int (*run)(const struct options *options);
	const char *arguments;
	const char *text;
	/* With options and help of its own, instead of run and text. */
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "run", command_run, "",
	    "Runs the gateway in the foreground until SIGTERM or Ctrl-C.\n"
	    "SIGHUP reads the configuration again; a wrong one changes "
	    "nothing.\n",
	    NULL },
	{ "check", command_check, "",
	    "Reads the configuration and every map it names, and says whether "
	    "they are\ngood or FILE:LINE:COLUMN and the reason. Opens no "
	    "line.\n",
	    NULL },
	{ "status", remote_status, "",
	    "Shows what a running gridshim measures, shows and adds, with the "
	    "age of\neach value. --json prints it as the API gives it.\n",
	    NULL },
	{ "offset", remote_offset, "W SECONDS | stop",
	    "Adds W watts to what the inverter is shown, for SECONDS: positive "
	    "makes it\nexport more, negative less. `stop` ends it at once.\n",
	    NULL },
	{ "map", map_tool_main,
	    "list | show NAME | check FILE... | import FILE.csv",
	    "The register maps: which there are, what is in one, whether a "
	    "file is good,\nand a new one from a spreadsheet. "
	    "gridshim map import --help tells more.\n",
	    NULL },
	{ "password", password_main, "",
	    "Asks for a password and prints the line that web.password_file "
	    "holds.\n",
	    NULL },
	{ "read", NULL, "-l LINE -m MAP | -d DEVICE [POINT...]", NULL,
	    tool_read },
	{ "write", NULL, "-l LINE -m MAP | -d DEVICE POINT=VALUE...", NULL,
	    tool_write },
	{ "scan", NULL, "[DEVICE...]", NULL, scan_main },
	{ "listen", NULL, "DEVICE", NULL, listen_main },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
print_usage(FILE *out)
{
	fprintf(
	    out, "usage: gridshim COMMAND [-c FILE] [-m MAPS] [options]\n\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name,
		    commands[i].arguments);
	fprintf(out,
	    "\n%s"
	    "gridshim COMMAND --help tells more; gridshim --version the "
	    "version.\n",
	    options_text());
}

int
main(int argc, char **argv)
{
	struct options options;

	if (argc < 2 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0) {
		print_usage(argc < 2 ? stderr : stdout);
		return argc < 2 ? EX_USAGE : EX_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("gridshim %s\n", GRIDSHIM_VERSION);
		return EX_OK;
	}
	for (unsigned i = 0; i < COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (commands[i].main != NULL)
			return commands[i].main(argc - 1, argv + 1);
		if (!options_parse(&options, argc - 1, argv + 1))
			return EX_USAGE;
		if (options.help) {
			printf("usage: gridshim %s [options] %s\n\n%s\n%s",
			    commands[i].name, commands[i].arguments,
			    commands[i].text, options_text());
			return EX_OK;
		}
		return commands[i].run(&options);
	}
	fprintf(stderr, "gridshim: no command '%s'; see gridshim --help\n",
	    argv[1]);
	return EX_USAGE;
}
