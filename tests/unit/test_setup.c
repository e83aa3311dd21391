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

static bool
load(const char *source, const char *fallback, const char *shown,
    const char *phases, char error[static 512])
{
	char path[] = "/tmp/gridshim-setup-XXXXXX";
	int fd = mkstemp(path);
	struct setup *setup;
	bool good;

	assert_true(fd >= 0);
	dprintf(fd, text, source, fallback, shown, phases);
	close(fd);
	setup = setup_load(path, "etc/maps", error, 512);
	good = setup != NULL;
	setup_free(setup);
	unlink(path);
	return good;
}

/* A wrong watt is worse than no answer, and a meter that will never have the
 * phase is better refused at once. */
static void
a_phase_that_no_source_measures_is_refused(void **state)
{
	static const char sdm630[] = "eastron-sdm630",
			  sdm230[] = "eastron-sdm230",
			  solis[] = "acrel-1p-solis";
	static const struct {
		const char *source, *fallback, *shown, *phases;
		const char *refusal; /* NULL: it is good */
	} rows[] = {
		{ sdm630, sdm230, solis, "all", NULL },
		{ sdm630, sdm230, solis, "l2", NULL },
		{ sdm630, sdm230, sdm630, "l3", NULL },
		{ sdm230, sdm630, solis, "l1", NULL },
		{ sdm230, sdm630, sdm630, "l1", NULL },
		{ sdm630, sdm230, "no-such-meter", "l1", "no map file" },
	};
	char error[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool good = load(rows[i].source, rows[i].fallback,
		    rows[i].shown, rows[i].phases, error);

		if (good != (rows[i].refusal == NULL) ||
		    (!good && strstr(error, rows[i].refusal) == NULL))
			fail_msg("row %zu: %s", i, good ? "taken" : error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phase_that_no_source_measures_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
