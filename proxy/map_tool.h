/* SPDX-License-Identifier: MIT */
/* gridshim map: what the register maps hold, whether they are good, and new
 * ones from spreadsheets. */
#ifndef PROXY_MAP_TOOL_H
#define PROXY_MAP_TOOL_H

#include "gateway/options.h"

/* options->arguments[0] is list, show, check or import. An exit code of
 * sysexits.h; what is wrong is said on stderr. */
int map_tool_main(const struct options *options);

#endif
