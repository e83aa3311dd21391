/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "proxy/map.h"
#include "tests/config/broken.h"

static bool
load(const char *file, char *error, unsigned size, const char **broken)
{
	static struct map map;
	map_unload(&map);
	if (!map_load(file, &map, error, size))
		return false;
	*broken = holds_map(&map);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct broken_file file = { .fd = -1 };
	if (file.fd < 0 && !broken_open(&file))
		abort();
	if (!broken_check_text(&file, data, size, load))
		abort();
	return 0;
}
