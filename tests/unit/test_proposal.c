/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "gateway/config.h"
#include "proxy/proposal.h"
#include "tests/unit/draw.h"

static char *
text_of(const struct proposal_line *lines, unsigned lines_count,
    const struct proposal_device *devices, unsigned devices_count, bool *good)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	*good =
	    proposal_devices(out, lines, lines_count, devices, devices_count);
	fclose(out);
	return text;
}

/* As `gridshim check` would; the caller frees. */
static struct config *
load(const char *text)
{
	char path[] = "/tmp/gridshim-proposal-XXXXXX", error[512];
	int fd = mkstemp(path);
	struct config *config;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	config = config_load(path, error, sizeof(error));
	(void)unlink(path);
	if (config == NULL)
		fail_msg("%s\n%s", error, text);
	return config;
}

static void
two_lines_of_different_speeds(void **unused)
{
	static const struct proposal_line lines[] = {
		{ "/dev/serial/by-id/usb-A", false },
		{ "/dev/with space\"'#: {}\\", false },
		{ "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0", true },
	};
	static const struct proposal_device devices[] = {
		{ 0, 1, 9600, "8N1", "eastron-sdm630", MAP_METER, "SDM630" },
		{ 0, 7, 9600, "8N1", "chint-dtsu666", MAP_METER, NULL },
		{ 1, 1, 9600, "8N1", NULL, MAP_OTHER, "unknown\nlines: x" },
		{ 2, 254, 19200, "8E1", "eastron-sdm120", MAP_METER, "" },
	};
	bool good;
	char *text = text_of(lines, 3, devices, 4, &good);
	struct config *config = load(text);

	assert_true(good);
	assert_int_equal(config->lines_count, 2);
	assert_string_equal(config->lines[1].serial, lines[2].serial);
	assert_int_equal(config->lines[1].baud, 19200);
	assert_string_equal(config->lines[1].format, "8E1");
	assert_int_equal(config->lines[0].echo, SWITCH_OFF);
	assert_int_equal(config->lines[1].echo, SWITCH_ON);
	assert_int_equal(config->devices_count, 3);
	assert_int_equal(config->devices[0].role, ROLE_GRID_METER);
	assert_int_equal(config->devices[1].role, ROLE_METER);
	assert_string_equal(config->devices[1].map, "chint-dtsu666");
	assert_int_equal(config->devices[2].unit, 254);
	assert_int_equal(config->devices[2].line_index, 1);
	config_free(config);
	free(text);
}

static void
what_cannot_be_configured_is_a_comment(void **unused)
{
	static const struct proposal_line lines[] = { { "/dev/a", false } };
	static const struct {
		const char *rule;
		struct proposal_device device;
		const char *reason;
	} rows[] = {
		{ "unknown model", { 0, 9, 9600, "8N1", NULL, MAP_OTHER, "x" },
		    "no map fits" },
		{ "another speed",
		    { 0, 9, 19200, "8N1", "eastron-sdm120", MAP_METER, NULL },
		    "set it to the speed" },
		{ "another format",
		    { 0, 9, 9600, "8E1", "eastron-sdm120", MAP_METER, "x" },
		    "set it to the speed" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct proposal_device devices[] = {
			{ 0, 1, 9600, "8N1", "eastron-sdm630", MAP_METER,
			    NULL },
			{ 0, 2, 9600, "8N1", "eastron-sdm630", MAP_METER,
			    NULL },
			rows[i].device,
		};
		bool good;
		char *text = text_of(lines, 1, devices, 3, &good);
		struct config *config = load(text);

		assert_int_equal(config->devices_count, 2);
		if (!good || strstr(text, rows[i].reason) == NULL)
			fail_msg("%s:\n%s", rows[i].rule, text);
		config_free(config);
		free(text);
	}
}

static void
nothing_of_use_is_said_so(void **unused)
{
	static const struct proposal_line lines[] = { { "/dev/a", false } };
	static const struct proposal_device device = { 0, 9, 9600, "8N1", NULL,
		MAP_OTHER, NULL };
	bool good;
	char *text = text_of(lines, 1, &device, 1, &good);

	assert_false(good);
	for (char *line = strtok(text, "\n"); line != NULL;
	     line = strtok(NULL, "\n"))
		assert_int_equal(*(line + strspn(line, " ")), '#');
	free(text);
}

/* Whatever was found: what is proposed can be loaded. */
static void
every_proposal_is_good(void **unused)
{
	static const char *const formats[] = { "8N1", "8E1", "8O1", "8N2" };
	static char paths[20][32];
	uint64_t seed = 5;

	for (unsigned round = 0; round < 200; round++) {
		struct proposal_line lines[20] = { { 0 } };
		struct proposal_device devices[60];
		unsigned lines_count = 1 + draw_below(&seed, 20);
		unsigned count = draw_below(&seed, 60);
		bool good;
		char *text;

		for (unsigned i = 0; i < lines_count; i++) {
			snprintf(paths[i], sizeof(paths[i]), "/dev/tty%c%u",
			    (int)(32 + draw_below(&seed, 95)), i);
			lines[i].serial = paths[i];
			lines[i].echo = draw_below(&seed, 2) == 0;
		}
		for (unsigned i = 0; i < count; i++) {
			devices[i] = (struct proposal_device){
				.line = draw_below(&seed, lines_count),
				.unit = (uint8_t)(1 + i),
				.baud = draw_below(&seed, 3) ? 9600 : 19200,
				.map = draw_below(&seed, 4) ? "eastron-sdm630"
				                            : NULL,
				.kind = draw_below(&seed, 2)
				            ? MAP_METER
				            : (enum map_kind)draw_below(
						  &seed, MAP_OTHER + 1),
				.title =
				    draw_below(&seed, 2) ? "\x80\n#: x" : NULL,
			};
			memcpy(devices[i].format, formats[draw_below(&seed, 4)],
			    4);
		}
		text = text_of(lines, lines_count, devices, count, &good);
		if (good)
			config_free(load(text));
		free(text);
	}
}

static void
a_shown_meter_needs_only_its_source(void **unused)
{
	static const struct proposal_shown shown[] = {
		{ "/dev/a", 1, 9600, "8N1", "acrel-1p-solis", "Solis" },
		{ "/dev/b", 254, 19200, "8E1", "acrel-s100-sungrow", NULL },
		{ "/dev/a", 2, 9600, "8N1", "eastron-sdm630", NULL },
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct config *config;

	assert_true(proposal_shown(out, shown, 3));
	fputs("  # the lines: above go into those below\n", out);
	fclose(out);
	/* One file: its lines and those of a scan. */
	char *whole = NULL;
	const char *rest = strstr(text, "  - {");
	out = open_memstream(&whole, &size);
	fprintf(out,
	    "devices:\n  - {name: meter1, role: grid_meter, line: wire, "
	    "unit: 1, map: eastron-sdm630}\n"
	    "lines:\n  - {name: wire, serial: /dev/c}\n%s",
	    rest);
	fclose(out);
	config = load(whole);
	assert_int_equal(config->shown_count, 3);
	assert_int_equal(config->lines_count, 3);
	assert_int_equal(config->shown[1].unit, 254);
	assert_int_equal(
	    config->shown[0].line_index, config->shown[2].line_index);
	assert_string_equal(
	    config->lines[config->shown[1].line_index].serial, "/dev/b");
	config_free(config);
	free(text);
	free(whole);
	assert_false(proposal_shown(stdout, shown, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_lines_of_different_speeds),
		cmocka_unit_test(what_cannot_be_configured_is_a_comment),
		cmocka_unit_test(nothing_of_use_is_said_so),
		cmocka_unit_test(every_proposal_is_good),
		cmocka_unit_test(a_shown_meter_needs_only_its_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
