/* SPDX-License-Identifier: MIT */
/* What can be said behind a command; the same for every command. */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *config_file;
	const char *map_dir;
	const char *web_root; /* NULL: the page that is built in */
	const char *url; /* of a running gridshim; NULL: from the config */
	bool json;
	bool help;
	char **arguments; /* what is no option */
	int arguments_count;
};

/* argv[0] is the command. False: said on stderr what is wrong. */
bool options_parse(struct options *options, int argc, char **argv);

/* The options' part of the help. */
const char *options_text(void);

#endif
