/* SPDX-License-Identifier: MIT */
/* What can be said behind gridshim read and gridshim write. */
#ifndef PROXY_TOOL_OPTIONS_H
#define PROXY_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"
#include "proxy/wire_tool.h"

struct tool_options {
	bool writes; /* the command is write */
	const char *line; /* -l; NULL: through the gateway */
	const char *device; /* -d; NULL: directly */
	const char *map_name; /* -m */
	unsigned unit; /* -u; 0: as the map says */
	bool json;
	bool one_by_one;
	bool force;
	unsigned hold_s; /* -d: told again for so long */
	const char *config_file; /* -d: where the gateway's address stands */
	const char *url; /* -d: the address itself */
	char map_file[1024];
	struct wire_tool_place place;
	char **points; /* NAME, or NAME=VALUE */
	unsigned points_count;
};

/* -1: go on. Else the exit code: helped, or said on stderr what is wrong. */
int tool_options_parse(struct tool_options *options, int argc, char **argv);

/* What was not said about the line, as the map has it. False, with the reason,
 * when it is not known there either. */
bool tool_options_complete(struct tool_options *options, const struct map *map,
    char *error, unsigned size);

#endif
