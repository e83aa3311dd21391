/* SPDX-License-Identifier: MIT */
/* Tables in strings, made into maps; for the tests of the importer. */
#ifndef TESTS_UNIT_IMPORT_HELPER_H
#define TESTS_UNIT_IMPORT_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/import.h"
#include "tests/config/broken.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *yaml;
static char *said;

/* Leaves the map in yaml and the report in said. */
static inline bool
import(const char *csv, size_t size, const struct import_known *known)
{
	size_t yaml_size, said_size;
	FILE *out, *report_out;
	char *text = malloc(size + 1);

	free(yaml);
	free(said);
	out = open_memstream(&yaml, &yaml_size);
	report_out = open_memstream(&said, &said_size);
	memcpy(text, csv, size);
	struct import_report report = { .out = report_out };
	bool good = import_text(text, size, known, out, &report);
	fclose(out);
	fclose(report_out);
	free(text);
	return good;
}

static inline bool
import_string(const char *csv)
{
	return import(csv, strlen(csv), &(struct import_known){ 0 });
}

static inline void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no '%s' in:\n%s", part, text);
}

static inline void
assert_loads(void)
{
	static struct map map;
	struct broken_file memory;
	char error[512] = "";

	assert_true(broken_open(&memory));
	assert_true(broken_write(&memory, yaml, strlen(yaml)));
	if (!map_load(memory.name, &map, error, sizeof(error)))
		fail_msg("%s in:\n%s", error, yaml);
	map_unload(&map);
	close(memory.fd);
}

#define HEAD                                                                   \
	"name,point,fc,address,count,type,word_order,scale,offset,unit,"       \
	"access,write_fc,min,max,values,poll,meaning,confidence\n"
#define INVERTER "# device: Test\n# kind: inverter\n"

static inline int
import_forget(void **unused)
{
	(void)unused;
	free(yaml);
	free(said);
	yaml = said = NULL;
	return 0;
}

#endif
