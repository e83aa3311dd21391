/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "gateway/config.h"
#include "tests/config/broken.h"

static bool
load(const char *file, char *error, unsigned size, const char **broken)
{
	struct config *config = config_load(file, error, size);
	if (config == NULL)
		return false;
	*broken = holds_config(config);
	config_free(config);
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
