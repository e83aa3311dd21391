/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/import.h"
#include "tests/config/broken.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken line of the map would be a broken map: each must be whole. */
static void
check_lines(const char *yaml)
{
	const char *points = strstr(yaml, "\npoints:\n");

	if (points == NULL)
		abort();
	for (points += 9; *points != '\0'; points = strchr(points, '\n') + 1)
		if (strncmp(points, "  - {", 5) != 0 ||
		    strchr(points, '\n') == NULL ||
		    strchr(points, '\n')[-1] != '}')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	size_t yaml_size;
	char *yaml, *text = malloc(size + 1);
	FILE *out = open_memstream(&yaml, &yaml_size);

	if (nowhere == NULL)
		nowhere = fopen("/dev/null", "w");
	memcpy(text, data, size);
	struct import_report report = { .out = nowhere };
	bool made =
	    import_text(text, size, &(struct import_known){ 0 }, out, &report);
	fclose(out);
	if (made)
		check_lines(yaml);
	free(yaml);
	free(text);
	return 0;
}
