/* SPDX-License-Identifier: MIT */
#include "proxy/complete.h"

#include <math.h>

enum { PHASES = COMPLETE_PHASES };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Those that have phases. */
static const struct family {
	enum quantity total;
	bool adds; /* the total is the sum of the phases */
	bool moves; /* with the active power */
} families[] = {
	{ QUANTITY_ACTIVE_POWER, true, true },
	{ QUANTITY_REACTIVE_POWER, true, false },
	{ QUANTITY_APPARENT_POWER, true, true },
	{ QUANTITY_POWER_FACTOR, false, true },
	{ QUANTITY_VOLTAGE, false, false },
	{ QUANTITY_CURRENT, true, true },
	{ QUANTITY_ENERGY_IMPORT, true, false },
	{ QUANTITY_ENERGY_EXPORT, true, false },
};

/* And of those that have none, what one phase's meter cannot tell. */
static const enum quantity totals_alone[] = { QUANTITY_REACTIVE_ENERGY_IMPORT,
	QUANTITY_REACTIVE_ENERGY_EXPORT };

static const struct neutral {
	enum quantity total;
	unsigned phases;
	double value;
} neutrals[] = {
	{ QUANTITY_REACTIVE_POWER, PHASES, 0.0 },
	{ QUANTITY_VOLTAGE, PHASES, 230.0 },
	{ QUANTITY_FREQUENCY, 0, 50.0 },
};

static enum quantity
member(enum quantity total, unsigned phase)
{
	return complete_phase(total, phase);
}

static void
forget(struct quantities *set, enum quantity quantity)
{
	set->known &= ~(UINT64_C(1) << quantity);
}

static unsigned
known_phases(const struct quantities *set, enum quantity total)
{
	unsigned known = 0;

	for (unsigned phase = 1; phase <= PHASES; phase++)
		known += quantities_has(set, member(total, phase));
	return known;
}

double
complete_sum(const struct quantities *set, enum quantity total)
{
	double sum = 0.0;

	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (quantities_has(set, member(total, phase)))
			sum += set->value[member(total, phase)];
	}
	return sum;
}

/* --- phases to phases ------------------------------------------------------
 */

/* No second or third phase? known: as in struct quantities. */
static bool
knows_one_phase(uint64_t known)
{
	for (unsigned i = 0; i < COUNT(families); i++) {
		for (unsigned phase = 2; phase <= PHASES; phase++) {
			if (known >> member(families[i].total, phase) & 1)
				return false;
		}
	}
	return true;
}

/* A phase whose value is lacking today is a phase all the same. */
static bool
is_single(const struct quantities *set, const struct complete_shape *shape)
{
	return shape->from > 0 ? shape->from == 1 : knows_one_phase(set->known);
}

/* One phase of three, as if there were no other. */
static void
pick(struct quantities *set, unsigned on)
{
	for (unsigned i = 0; i < COUNT(families); i++) {
		enum quantity total = families[i].total;
		enum quantity phase = member(total, on);

		if (quantities_has(set, phase))
			quantities_put(set, total, set->value[phase]);
		else if (total != QUANTITY_VOLTAGE)
			forget(set, total);
		for (unsigned k = 1; k <= PHASES; k++)
			forget(set, member(total, k));
	}
	for (unsigned i = 0; i < COUNT(totals_alone); i++)
		forget(set, totals_alone[i]);
}

/* One phase as one of three, the others without a load. */
static void
place(struct quantities *set, unsigned on)
{
	for (unsigned i = 0; i < COUNT(families); i++) {
		enum quantity total = families[i].total;

		if (!quantities_has(set, total))
			continue;
		for (unsigned phase = 1; phase <= PHASES; phase++) {
			if (phase == on || total == QUANTITY_VOLTAGE)
				quantities_put(set, member(total, phase),
				    set->value[total]);
			else if (families[i].adds)
				quantities_put(set, member(total, phase), 0.0);
			else
				forget(set, member(total, phase));
		}
	}
}

static void
turn(struct quantities *set, const struct complete_shape *shape)
{
	bool single = is_single(set, shape);

	if (shape->phases == 1 && !single)
		pick(set, shape->on);
	if (shape->phases > 1 && single)
		place(set, shape->on);
}

unsigned
complete_map_phases(const struct map *map)
{
	uint64_t known = 0;

	for (unsigned i = 0; i < map->points_count; i++)
		known |= UINT64_C(1) << map->points[i].quantity;
	for (unsigned i = 0; i < map->copies_count; i++)
		known |= UINT64_C(1) << map->copies[i].quantity;
	for (unsigned i = 0; i < map->entries_count; i++) {
		if (map->entries[i].quantity != QUANTITY_COUNT)
			known |= UINT64_C(1) << map->entries[i].quantity;
	}
	return knows_one_phase(known) ? 1 : PHASES;
}

bool
complete_map_fits(const struct map *source, const struct complete_shape *shape)
{
	struct complete_shape to = *shape;
	struct quantities fast = { .known = 0 };

	for (unsigned i = 0; i < source->points_count; i++) {
		if (source->points[i].fast)
			quantities_put(&fast, source->points[i].quantity, 0.0);
	}
	to.from = complete_map_phases(source);
	return complete_can(&fast, &to);
}

bool
complete_can(
    const struct quantities *sample, const struct complete_shape *shape)
{
	enum quantity own = member(QUANTITY_ACTIVE_POWER, shape->on);

	if (shape->phases == 1 && shape->on > 0 && !is_single(sample, shape))
		return quantities_has(sample, own);
	return quantities_has(sample, QUANTITY_ACTIVE_POWER) ||
	       known_phases(sample, QUANTITY_ACTIVE_POWER) == PHASES;
}

/* --- what is lacking -------------------------------------------------------
 */

static void
fill_total(struct quantities *set, enum quantity total)
{
	if (!quantities_has(set, total) && known_phases(set, total) == PHASES)
		quantities_put(set, total, complete_sum(set, total));
}

/* Phases that are lacking share what the known ones leave of the total. */
static void
fill_phases(struct quantities *set, enum quantity total, double least)
{
	unsigned lacking = PHASES - known_phases(set, total);
	double left;

	if (!quantities_has(set, total) || lacking == 0)
		return;
	left = set->value[total] - complete_sum(set, total);
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (!quantities_has(set, member(total, phase)))
			quantities_put(set, member(total, phase),
			    fmax(left / lacking, least));
	}
}

static void
fill_voltages(struct quantities *set)
{
	unsigned known = known_phases(set, QUANTITY_VOLTAGE);

	if (!quantities_has(set, QUANTITY_VOLTAGE) && known > 0)
		quantities_put(set, QUANTITY_VOLTAGE,
		    complete_sum(set, QUANTITY_VOLTAGE) / known);
	if (!quantities_has(set, QUANTITY_VOLTAGE))
		return;
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (!quantities_has(set, member(QUANTITY_VOLTAGE, phase)))
			quantities_put(set, member(QUANTITY_VOLTAGE, phase),
			    set->value[QUANTITY_VOLTAGE]);
	}
}

static void
fill_energies(struct quantities *set)
{
	static const enum quantity totals[] = { QUANTITY_ENERGY_IMPORT,
		QUANTITY_ENERGY_EXPORT };

	for (unsigned i = 0; i < COUNT(totals); i++) {
		fill_total(set, totals[i]);
		fill_phases(set, totals[i], 0.0);
	}
}

/* From V and I, since those are shown beside it; else from P and Q. */
static double
apparent(const struct quantities *set, unsigned phase)
{
	enum quantity q = member(QUANTITY_REACTIVE_POWER, phase);
	enum quantity v = member(QUANTITY_VOLTAGE, phase);
	enum quantity i = member(QUANTITY_CURRENT, phase);
	double p = set->value[member(QUANTITY_ACTIVE_POWER, phase)];

	if (quantities_has(set, v) && quantities_has(set, i))
		return fmax(set->value[v] * set->value[i], fabs(p));
	return hypot(p, quantities_has(set, q) ? set->value[q] : 0.0);
}

static void
fill_current(struct quantities *set, unsigned phase)
{
	enum quantity s = member(QUANTITY_APPARENT_POWER, phase);
	enum quantity v = member(QUANTITY_VOLTAGE, phase);
	enum quantity i = member(QUANTITY_CURRENT, phase);

	if (!quantities_has(set, i) && quantities_has(set, v) &&
	    set->value[v] > 0.0)
		quantities_put(set, i, set->value[s] / set->value[v]);
}

/* S, PF from P and S, I from S and V, where the source has none. */
static void
fill_derived(struct quantities *set, unsigned phase)
{
	enum quantity p = member(QUANTITY_ACTIVE_POWER, phase);
	enum quantity s = member(QUANTITY_APPARENT_POWER, phase);
	enum quantity pf = member(QUANTITY_POWER_FACTOR, phase);

	if (!quantities_has(set, s))
		quantities_put(set, s, apparent(set, phase));
	if (!quantities_has(set, pf))
		quantities_put(set, pf,
		    set->value[s] > 0.0 ? set->value[p] / set->value[s] : 1.0);
	fill_current(set, phase);
}

bool
complete_fill(struct quantities *set, const struct complete_shape *shape)
{
	bool totals_only;

	if (!complete_can(set, shape))
		return false;
	if (shape->on > 0)
		turn(set, shape);
	totals_only = known_phases(set, QUANTITY_ACTIVE_POWER) == 0;
	fill_total(set, QUANTITY_ACTIVE_POWER);
	fill_phases(set, QUANTITY_ACTIVE_POWER, -HUGE_VAL);
	fill_total(set, QUANTITY_REACTIVE_POWER);
	fill_phases(set, QUANTITY_REACTIVE_POWER, -HUGE_VAL);
	fill_voltages(set);
	fill_energies(set);
	/* Where the phases have powers of their own, S and I follow those. */
	if (totals_only) {
		fill_phases(set, QUANTITY_APPARENT_POWER, 0.0);
		fill_phases(set, QUANTITY_CURRENT, 0.0);
	}
	/* Phases first: a total current is their sum, not S over one V. */
	for (unsigned phase = 1; phase <= PHASES; phase++)
		fill_derived(set, phase);
	fill_total(set, QUANTITY_APPARENT_POWER);
	fill_total(set, QUANTITY_CURRENT);
	fill_phases(set, QUANTITY_CURRENT, 0.0);
	fill_derived(set, 0);
	return true;
}

void
complete_rest(struct quantities *set)
{
	for (unsigned i = 0; i < COUNT(neutrals); i++) {
		for (unsigned k = 0; k <= neutrals[i].phases; k++) {
			enum quantity lacking = member(neutrals[i].total, k);

			if (!quantities_has(set, lacking))
				quantities_put(set, lacking, neutrals[i].value);
		}
	}
	for (unsigned phase = 1; phase <= PHASES; phase++)
		fill_current(set, phase);
	fill_total(set, QUANTITY_CURRENT);
	fill_current(set, 0);
}

void
complete_single(struct quantities *set, const struct quantities *source,
    const struct complete_shape *shape, bool moved)
{
	bool single = is_single(source, shape);

	for (unsigned i = 0; i < COUNT(families); i++) {
		enum quantity total = families[i].total;
		enum quantity first = member(total, 1);
		bool kept = single && quantities_has(source, first) &&
		            !(moved && families[i].moves);

		if (!kept && quantities_has(set, total))
			quantities_put(set, first, set->value[total]);
		else if (!kept)
			forget(set, first);
		for (unsigned phase = 2; phase <= PHASES; phase++)
			forget(set, member(total, phase));
	}
}
