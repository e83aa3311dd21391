/* SPDX-License-Identifier: MIT */
/* A configuration and its maps, held against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/setup.h"

static const char text[] =
    "site: {name: home, fuse_a: 25, phases: 3}\n"
    "lines:\n"
    "  - {name: meter, serial: /dev/ttyA}\n"
    "  - {name: inv1, serial: /dev/ttyB}\n"
    "devices:\n"
    "  - {name: grid, role: grid_meter, line: meter, unit: 1, map: %s}\n"
    "  - {name: other, role: meter, line: meter, unit: 2, map: %s}\n"
    "shown:\n"
    "  - {name: a, line: inv1, unit: 1, source: grid, fallback: other,\n"
    "     map: %s, limit_w: 3000, phases: %s}\n";

/* A folder of maps: those of the program, and some that nobody should use. */
static const struct {
	const char *name, *text;
} maps[] = {
	{ "slow-phases",
	    "name: x\nfunction: 3\nblocks: [{address: 0, count: 9}]\npoints:\n"
	    "  - {point: active_power, address: 0, type: s16, unit: W,"
	    " poll: fast}\n"
	    "  - {point: active_power_l1, address: 1, type: s16, unit: W}\n"
	    "  - {point: active_power_l2, address: 2, type: s16, unit: W}\n" },
	{ "totals",
	    "name: x\nfunction: 3\nblocks: [{address: 0, count: 9}]\npoints:\n"
	    "  - {point: active_power, address: 0, type: s16, unit: W,"
	    " poll: fast}\n"
	    "  - {point: voltage_l2, address: 1, type: u16, unit: V}\n" },
	{ "single",
	    "name: x\nfunction: 3\nblocks: [{address: 0, count: 9}]\npoints:\n"
	    "  - {point: active_power, address: 0, type: s16, unit: W,"
	    " poll: fast}\n" },
	{ "inverter",
	    "name: x\nkind: inverter\nfunction: 3\npoints:\n"
	    "  - {point: active_power, address: 0, type: s16, unit: W}\n" },
	{ "elsewhere",
	    "name: x\nfunction: 3\nblocks: [{address: 0, count: 9}]\npoints:\n"
	    "  - {point: active_power, address: 0, type: s16, unit: W,"
	    " function: 4, poll: fast}\n" },
};

static char folder[] = "/tmp/gridshim-setup-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		char path[256];
		FILE *file;

		snprintf(
		    path, sizeof(path), "%s/%s.yaml", folder, maps[i].name);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(maps[i].text, file);
		fclose(file);
	}
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		char path[256];

		snprintf(
		    path, sizeof(path), "%s/%s.yaml", folder, maps[i].name);
		unlink(path);
	}
	return rmdir(folder);
}

static bool
load(const char *map_dir, const char *source, const char *fallback,
    const char *shown, const char *phases, char error[static 512])
{
	char path[] = "/tmp/gridshim-setup-XXXXXX";
	int fd = mkstemp(path);
	struct setup *setup;
	bool good;

	assert_true(fd >= 0);
	dprintf(fd, text, source, fallback, shown, phases);
	close(fd);
	setup = setup_load(path, map_dir, error, 512);
	good = setup != NULL;
	setup_free(setup);
	unlink(path);
	return good;
}

/* A wrong watt is worse than no answer, and what can never be right is better
 * refused at once. */
static void
what_cannot_be_shown_is_refused(void **state)
{
	static const char sdm630[] = "eastron-sdm630",
			  sdm230[] = "eastron-sdm230",
			  solis[] = "acrel-1p-solis",
			  no_power[] = "cannot be shown";
	static const struct {
		const char *rule;
		bool own; /* maps of ours */
		const char *source, *fallback, *shown, *phases;
		const char *refusal; /* NULL: it is good */
	} rows[] = {
		{ "all", false, sdm630, sdm230, solis, "all", NULL },
		{ "one of three", false, sdm630, sdm230, solis, "l2", NULL },
		{ "on one of three", false, sdm630, sdm230, sdm630, "l3",
		    NULL },
		{ "single", false, sdm230, sdm630, solis, "l1", NULL },
		{ "single on one", false, sdm230, sdm630, sdm630, "l1", NULL },
		{ "no file", false, sdm630, sdm230, "none", "l1",
		    "no map file" },
		{ "no L2 at all", true, "totals", "totals", "totals", "all",
		    NULL },
		{ "not a meter", true, "totals", "totals", "inverter", "all",
		    no_power },
		{ "the power is not in its registers", true, "totals", "totals",
		    "elsewhere", "all", no_power },
	};
	char error[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good =
		    load(rows[i].own ? folder : "etc/maps", rows[i].source,
			rows[i].fallback, rows[i].shown, rows[i].phases, error);

		if (good != (rows[i].refusal == NULL) ||
		    (!good && strstr(error, rows[i].refusal) == NULL))
			fail_msg(
			    "%s: %s", rows[i].rule, good ? "taken" : error);
	}
}

/* Shown as a single-phase meter, it is that phase which is steered by. */
static void
a_phase_must_be_measured_in_every_poll(void **state)
{
	static const struct {
		const char *source, *fallback, *phases;
		const char *refusal;
	} rows[] = {
		{ "slow-phases", "single", "all", NULL },
		{ "slow-phases", "single", "l1", "'grid' does not measure" },
		{ "totals", "single", "l2", "'grid' does not measure" },
		{ "single", "totals", "l2", "'other' does not measure" },
		{ "single", "single", "l2", NULL },
	};
	char error[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = load(folder, rows[i].source, rows[i].fallback,
		    "single", rows[i].phases, error);

		if (good != (rows[i].refusal == NULL) ||
		    (!good && strstr(error, rows[i].refusal) == NULL))
			fail_msg("row %zu: %s", i, good ? "taken" : error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_cannot_be_shown_is_refused),
		cmocka_unit_test(a_phase_must_be_measured_in_every_poll),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
