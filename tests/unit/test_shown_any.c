/* SPDX-License-Identifier: MIT */
/*
 * Meters that nobody makes, shown from sources that misbehave: any types,
 * scales and subset of quantities; counters that jump; values that lack.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/draw.h"
#include "tests/unit/shown_helper.h"

enum { RUNS = 4000, SAMPLES = 25 };

static const struct config_site site = { .fuse_a = 25, .phases = 3 };
static char name[] = "shown";
static char source[] = "grid";

static bool
is_shown_by_meters(enum quantity quantity)
{
	return quantity <= QUANTITY_ENERGY_EXPORT ||
	       (quantity >= QUANTITY_ENERGY_IMPORT_L1 &&
		   quantity <= QUANTITY_REACTIVE_ENERGY_EXPORT);
}

/* Of a second or third phase. */
static bool
is_further(enum quantity quantity)
{
	const char *text = quantity_name(quantity);
	size_t length = strlen(text);

	return strcmp(text + length - 2, "l2") == 0 ||
	       strcmp(text + length - 2, "l3") == 0;
}

static bool
is_counter(enum quantity quantity)
{
	return quantity == EI || quantity == EE || quantity > EE;
}

static double
any_scale(uint64_t *seed, enum quantity quantity, enum map_type type)
{
	static const double scales[] = { 1, 0.1, 0.01, 10, 0.001, 1000 };
	double scale = scales[draw_below(seed, 6)];
	bool negative = (type == MAP_S16 || type == MAP_S32) &&
	                !is_counter(quantity) && draw_below(seed, 8) == 0;

	return negative ? -scale : scale;
}

static void
add_point(struct map *map, struct map_point *point, uint64_t *seed,
    enum quantity quantity)
{
	static const enum map_type types[] = { MAP_U16, MAP_S16, MAP_U32,
		MAP_S32, MAP_F32 };
	struct map_block *block = &map->blocks[0];
	enum map_type type = types[draw_below(seed, 5)];

	*point = (struct map_point){ quantity,
		(uint16_t)(block->address + block->count + draw_below(seed, 3)),
		type, any_scale(seed, quantity, type), true, 0, { 0 } };
	block->count = (uint16_t)(point->address + 2 - block->address);
}

/* A third of them has the same type and scale in a family, as meters do. */
static void
make_alike(struct map *map, uint64_t *seed)
{
	for (unsigned i = 1; i < map->points_count; i++) {
		struct map_point *point = &map->points[i];
		const struct map_point *before = point - 1;

		if (draw_below(seed, 3) > 0 &&
		    place_is_sum(point->quantity) ==
			place_is_sum(before->quantity)) {
			point->type = before->type;
			point->scale = before->scale;
		}
	}
}

static void
any_map(struct map *map, uint64_t *seed)
{
	bool single = draw_below(seed, 3) == 0;

	memset(map, 0, sizeof(*map));
	map->function = 3;
	map->words_max = MAP_WORDS_MAX;
	map->word_order =
	    draw_below(seed, 2) ? MAP_LOW_WORD_FIRST : MAP_HIGH_WORD_FIRST;
	map->blocks_count = 1;
	map->blocks[0].address = (uint16_t)draw_below(seed, 60000);
	for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
		enum quantity quantity = (enum quantity)i;

		if (!is_shown_by_meters(quantity) ||
		    (single && is_further(quantity)) ||
		    (i > 0 && draw_below(seed, 4) == 0))
			continue;
		add_point(
		    map, &map->points[map->points_count++], seed, quantity);
		if (draw_below(seed, 10) == 0)
			add_point(map, &map->copies[map->copies_count++], seed,
			    quantity);
	}
	make_alike(map, seed);
}

static void
move_grid(struct grid *grid, uint64_t *seed)
{
	double reach = draw_below(seed, 5) == 0 ? 12000 : 3000;

	for (unsigned k = 0; k < grid->phases; k++)
		grid->wires[k] =
		    (struct wire){ draw_between(seed, -reach, reach),
			    draw_between(seed, -900, 900),
			    draw_between(seed, 200, 250) };
	grid->hz = draw_between(seed, 49, 51);
	grid->import_wh += draw_between(seed, 0, 3);
	grid->export_wh += draw_between(seed, 0, 3);
	switch (draw_below(seed, 8)) {
	case 0:
		grid->import_wh = draw_between(seed, 0, 1e8);
		break;
	case 1:
		grid->export_wh = draw_below(seed, 2) ? 0 : 1e14;
		break;
	case 2:
		grid->import_varh = draw_between(seed, -1e3, 1e8);
		break;
	default:
		break;
	}
}

struct bench {
	struct map map;
	struct config_shown config;
	struct shown shown;
	struct grid grid;
	struct mono now;
	bool lacks; /* some quantities; which, changes from sample to sample */
	double counted[2 * MAP_POINTS_MAX]; /* by place */
};

static void
give_sample(struct bench *bench, uint64_t *seed)
{
	struct quantities sample;

	move_grid(&bench->grid, seed);
	sample = grid_sample(&bench->grid);
	for (unsigned i = 0; bench->lacks && i < QUANTITY_COUNT; i++) {
		if (i > P + 3 && draw_below(seed, 3) == 0) {
			sample.known &= ~(UINT64_C(1) << i);
			sample.value[i] = (double)NAN;
		}
	}
	bench->now = mono_add_ms(bench->now, 1 + draw_below(seed, 1000));
	if (draw_below(seed, 10) == 0) /* a meter that was away */
		bench->now = mono_add_ms(bench->now, 70000);
	shown_check_age(&bench->shown, bench->now);
	shown_sample(&bench->shown, &sample, bench->now, bench->now);
	assert_int_equal(bench->shown.state, SHOWN_ACTIVE);
}

/* Counters never fall; all else is what that meter would measure. */
static const char *
check_place(
    struct bench *bench, unsigned index, const struct quantities *wanted)
{
	const struct map_point *point = place_at(&bench->map, index);
	double value = place_read(&bench->shown.image, point);
	bool fell = value < bench->counted[index];

	if (is_counter(point->quantity)) {
		bench->counted[index] = value;
		return fell ? quantity_name(point->quantity) : NULL;
	}
	if (bench->lacks && point->quantity > P + 3)
		return isfinite(value) ? NULL : "not finite";
	return place_wrong(&bench->shown.image, point, wanted);
}

static void
check(struct bench *bench, unsigned run, unsigned sample)
{
	static const enum quantity sums[] = { P, Q, S, A };
	struct quantities wanted = grid_shown(
	    &bench->grid, &bench->shown.shape, bench->shown.offset_w);
	const char *wrong = NULL;

	for (unsigned i = 0; i < place_count(&bench->map) && !wrong; i++)
		wrong = check_place(bench, i, &wanted);
	for (unsigned i = 0; i < (bench->lacks ? 1 : 4) && !wrong; i++)
		wrong = place_sums_wrong(&bench->shown.image, sums[i]);
	if (wrong != NULL)
		fail_msg("run %u, sample %u, %u phases from %u on %u: %s", run,
		    sample, bench->shown.shape.phases, bench->grid.phases,
		    bench->shown.shape.on, wrong);
}

static void
begin(struct bench *bench, uint64_t *seed)
{
	memset(bench, 0, sizeof(*bench));
	any_map(&bench->map, seed);
	bench->config = (struct config_shown){ .name = name,
		.source = source,
		.phases = (enum config_phases)draw_below(seed, 4),
		.max_age_ms = 1500,
		.limit_w = 4000,
		.slew_w_per_s = 20000 };
	bench->grid.phases = draw_below(seed, 2) ? 3 : 1;
	bench->lacks = draw_below(seed, 3) == 0;
	bench->now.us = 5000000;
	assert_true(
	    shown_init(&bench->shown, &bench->config, 0, &bench->map, &site));
	bench->shown.source_phases = bench->grid.phases;
}

static void
any_map_shows_any_source_as_one_meter(void **state)
{
	static struct bench bench;
	uint64_t seed = 91;

	(void)state;
	for (unsigned run = 0; run < RUNS; run++) {
		begin(&bench, &seed);
		for (unsigned i = 0; i < SAMPLES; i++) {
			struct offset_lease lease = {
				.value_w = draw_between(&seed, -4000, 4000),
				.expiry_us = bench.now.us + 600000000,
			};

			give_sample(&bench, &seed);
			check(&bench, run, i);
			if (i % 5 == 0)
				policy_set_lease(
				    &bench.shown.policy, &lease, bench.now.us);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_map_shows_any_source_as_one_meter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
