/* SPDX-License-Identifier: MIT */
#include "gateway/options.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_WEB_ROOT, OPTION_URL };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "maps", required_argument, NULL, 'm' },
	{ "web-root", required_argument, NULL, OPTION_WEB_ROOT },
	{ "url", required_argument, NULL, OPTION_URL },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const char *
options_text(void)
{
	return "  -c, --config FILE   configuration (" GRIDSHIM_CONFIG ")\n"
	       "  -m, --maps DIR      register maps (" GRIDSHIM_MAPDIR ")\n"
	       "      --web-root DIR  run: serve the page from here, for "
	       "working "
	       "on it\n"
	       "      --url URL       status, offset: where it runs "
	       "(http://127.0.0.1:PORT)\n"
	       "      --json          status: for a program to read\n"
	       "  -h, --help          this text\n";
}

/* "-500" is an argument, though it looks like an option. */
static int
first_number(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && isdigit((unsigned char)argv[i][1]))
			return i;
	}
	return argc;
}

bool
options_parse(struct options *options, int argc, char **argv)
{
	int scan = first_number(argc, argv);
	int option;

	*options = (struct options){
		.config_file = GRIDSHIM_CONFIG,
		.map_dir = GRIDSHIM_MAPDIR,
	};
	optind = 1;
	while ((option = getopt_long(
		    scan, argv, "+c:m:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config_file = optarg;
			break;
		case 'm':
			options->map_dir = optarg;
			break;
		case 'h':
			options->help = true;
			break;
		case OPTION_JSON:
			options->json = true;
			break;
		case OPTION_WEB_ROOT:
			options->web_root = optarg;
			break;
		case OPTION_URL:
			options->url = optarg;
			break;
		default:
			return false;
		}
	}
	options->arguments = argv + optind;
	options->arguments_count = argc - optind;
	return true;
}
