/* SPDX-License-Identifier: MIT */
/*
 * Every meter map there is, shown from a source of one phase and of three:
 * each register says what that meter would say there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>

#include "tests/unit/shown_helper.h"

static const struct config_site site = { .fuse_a = 25, .phases = 3 };
static char name[] = "shown";
static char source[] = "grid";

static const struct {
	const char *what;
	struct grid grid;
} grids[] = {
	{ "importing", { 3,
			   { { 1234.56, 210.3, 231.2 }, { 321.9, -55.5, 229.7 },
			       { 87.41, 12.1, 235.04 } },
			   49.98, 12345678.9, 456789.1, 98765.4 } },
	{ "exporting",
	    { 3,
		{ { -2222.2, 110.3, 231.2 }, { -1511.9, -55.5, 229.7 },
		    { -903.4, 302.1, 235.04 } },
		50.03, 12345678.9, 456789.1, 98765.4 } },
	{ "both at once", { 3,
			      { { -2222.2, 10, 241.2 }, { 1511.9, -5, 222.7 },
				  { 503.46, 3, 235 } },
			      50, 1e6, 2e6, 0 } },
	{ "at the fuses", { 3,
			      { { 12100, 500, 231 }, { 11900, -400, 230 },
				  { 12000.5, 900, 229 } },
			      49.9, 4e9, 1e9, 2e9 } },
	{ "single-phase, importing",
	    { 1, { { 1934.6, 510.3, 231.2 } }, 50.01, 7654321, 1234, 56 } },
	{ "single-phase, exporting",
	    { 1, { { -4934.6, -310.3, 238.2 } }, 49.97, 7654321, 1234, 56 } },
};

static const double offsets_w[] = { 0, 733, -2500 };

static const struct complete_shape *
run(struct shown *shown, const struct map *map, const struct grid *grid,
    struct config_shown *config, double offset_w)
{
	struct quantities sample = grid_sample(grid);
	struct mono now = { 5000000 };
	struct offset_lease lease = { .value_w = offset_w,
		.expiry_us = now.us + 60000000 };

	assert_true(shown_init(shown, config, 0, map, &site));
	shown->source_phases = grid->phases;
	shown_sample(shown, &sample, now, now);
	assert_int_equal(
	    policy_set_lease(&shown->policy, &lease, now.us), REASON_NONE);
	now = mono_add_ms(now, 200);
	shown_sample(shown, &sample, now, now);
	assert_int_equal(shown->state, SHOWN_ACTIVE);
	assert_true(fabs(shown->offset_w - offset_w) < 1e-9);
	return &shown->shape;
}

/* Of the n-th register or sum: NULL, or what is wrong with it; false behind the
 * last. */
static bool
next_wrong(const struct image *image, const struct quantities *wanted,
    unsigned n, const char **wrong)
{
	static const enum quantity sums[] = { P, Q, S, A };
	const struct map *map = image->map;
	unsigned narrow = 4 + place_count(map);
	const struct map_entry *entry;

	*wrong = NULL;
	if (n < 4) {
		*wrong = place_sums_wrong(image, sums[n]);
	} else if (n < narrow) {
		*wrong = place_wrong(image, place_at(map, n - 4), wanted);
	} else if (n - narrow < map->entries_count) {
		entry = &map->entries[n - narrow];
		/* Those of two words are compared above, to the step. */
		if (entry->quantity != QUANTITY_COUNT && entry->readable &&
		    entry->function == map->function && entry->model == 0 &&
		    entry->scale_entry < 0 && entry->words > 2)
			*wrong = wide_wrong(image, entry, wanted);
	}
	return n - narrow < map->entries_count || n < narrow;
}

/* How many registers are not what they should be. */
static unsigned
check(const char *file, const struct map *map, unsigned grid, unsigned on,
    double offset_w)
{
	static struct shown shown;
	struct config_shown config = { .name = name,
		.source = source,
		.phases = (enum config_phases)on,
		.max_age_ms = 1500,
		.limit_w = 5000,
		.slew_w_per_s = 100000 };
	const struct complete_shape *shape =
	    run(&shown, map, &grids[grid].grid, &config, offset_w);
	struct quantities wanted =
	    grid_shown(&grids[grid].grid, shape, offset_w);
	const char *wrong;
	unsigned failed = 0;

	for (unsigned n = 0; next_wrong(&shown.image, &wanted, n, &wrong);
	     n++) {
		if (wrong == NULL)
			continue;
		failed++;
		printf("%s, %s, phases %u, offset %g: %s\n", file,
		    grids[grid].what, on, offset_w, wrong);
	}
	return failed;
}

static unsigned
check_map(const char *file, const struct map *map)
{
	unsigned failed = 0;

	for (unsigned grid = 0; grid < sizeof(grids) / sizeof(grids[0]); grid++)
		for (unsigned on = 0; on <= 3; on++)
			for (unsigned i = 0; i < 3; i++)
				failed +=
				    check(file, map, grid, on, offsets_w[i]);
	return failed;
}

static int
is_map(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".yaml") == 0;
}

static void
every_meter_shows_what_it_would_measure(void **state)
{
	static struct map map;
	struct dirent **entries;
	int count = scandir("etc/maps", &entries, is_map, alphasort);
	unsigned meters = 0, failed = 0;

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		char path[512], error[512];

		snprintf(path, sizeof(path), "etc/maps/%s", entries[i]->d_name);
		free(entries[i]);
		if (!map_load(path, &map, error, sizeof(error))) {
			printf("%s\n", error);
			failed++;
			continue;
		}
		if (map.kind == MAP_METER) {
			meters++;
			failed += check_map(path, &map);
		}
		map_unload(&map);
	}
	free(entries);
	printf("# %u meter maps\n", meters);
	assert_true(meters >= 14);
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_meter_shows_what_it_would_measure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
