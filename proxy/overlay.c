/* SPDX-License-Identifier: MIT */
#include "proxy/overlay.h"

#include <math.h>

enum { PHASES = 3 };

/* A family of quantities: the total, and behind it L1, L2, L3. */
static enum quantity
member(enum quantity total, unsigned phase)
{
	return (enum quantity)((unsigned)total + phase);
}

static unsigned
known_phases(const struct quantities *set, enum quantity total)
{
	unsigned known = 0;

	for (unsigned phase = 1; phase <= PHASES; phase++)
		known += quantities_has(set, member(total, phase));
	return known;
}

static double
sum_of_phases(const struct quantities *set, enum quantity total)
{
	double sum = 0.0;

	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (quantities_has(set, member(total, phase)))
			sum += set->value[member(total, phase)];
	}
	return sum;
}

static void
fill_total(struct quantities *set, enum quantity total)
{
	if (!quantities_has(set, total) && known_phases(set, total) == PHASES)
		quantities_put(set, total, sum_of_phases(set, total));
}

/* Phases that are lacking share what the known ones leave of the total. */
static void
fill_phases(struct quantities *set, enum quantity total, double least)
{
	unsigned lacking = PHASES - known_phases(set, total);
	double left;

	if (!quantities_has(set, total) || lacking == 0)
		return;
	left = set->value[total] - sum_of_phases(set, total);
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (!quantities_has(set, member(total, phase)))
			quantities_put(set, member(total, phase),
			    fmax(left / lacking, least));
	}
}

static void
fill_voltages(struct quantities *set)
{
	double sum = 0.0;
	unsigned known = 0;

	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (quantities_has(set, member(QUANTITY_VOLTAGE, phase))) {
			sum += set->value[member(QUANTITY_VOLTAGE, phase)];
			known++;
		}
	}
	if (!quantities_has(set, QUANTITY_VOLTAGE) && known > 0)
		quantities_put(set, QUANTITY_VOLTAGE, sum / known);
	if (!quantities_has(set, QUANTITY_VOLTAGE))
		return;
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (!quantities_has(set, member(QUANTITY_VOLTAGE, phase)))
			quantities_put(set, member(QUANTITY_VOLTAGE, phase),
			    set->value[QUANTITY_VOLTAGE]);
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

/* S, PF from P and S, I from S and V, where the source has none. */
static void
fill_derived(struct quantities *set, unsigned phase)
{
	enum quantity p = member(QUANTITY_ACTIVE_POWER, phase);
	enum quantity s = member(QUANTITY_APPARENT_POWER, phase);
	enum quantity pf = member(QUANTITY_POWER_FACTOR, phase);
	enum quantity v = member(QUANTITY_VOLTAGE, phase);
	enum quantity i = member(QUANTITY_CURRENT, phase);

	if (!quantities_has(set, s))
		quantities_put(set, s, apparent(set, phase));
	if (!quantities_has(set, pf))
		quantities_put(set, pf,
		    set->value[s] > 0.0 ? set->value[p] / set->value[s] : 1.0);
	if (!quantities_has(set, i) && quantities_has(set, v) &&
	    set->value[v] > 0.0)
		quantities_put(set, i, set->value[s] / set->value[v]);
}

/* False: there is no active power in it. */
static bool
fill(struct quantities *set)
{
	bool totals_only = known_phases(set, QUANTITY_ACTIVE_POWER) == 0;

	fill_total(set, QUANTITY_ACTIVE_POWER);
	if (!quantities_has(set, QUANTITY_ACTIVE_POWER))
		return false;
	fill_phases(set, QUANTITY_ACTIVE_POWER, -HUGE_VAL);
	fill_total(set, QUANTITY_REACTIVE_POWER);
	fill_phases(set, QUANTITY_REACTIVE_POWER, -HUGE_VAL);
	fill_voltages(set);
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

/* The sign a meter gives the power factor is its own affair; it flips when
 * the power changes direction. */
static double
moved_factor(double factor, double before_w, double after_w, double after_va)
{
	double sign = before_w < 0.0 ? -1.0 : 1.0;

	if (fabs(before_w) > 0.0 && factor < 0.0)
		sign = -sign;
	return after_va > 0.0 ? sign * after_w / after_va : sign;
}

/* Rounded amperes stay as wrong as they were: a small current that is scaled
 * up would scale its error too. */
static double
moved_current(const struct quantities *set, unsigned phase, double before_va,
    double after_va)
{
	enum quantity v = member(QUANTITY_VOLTAGE, phase);
	double current = set->value[member(QUANTITY_CURRENT, phase)];

	if (quantities_has(set, v) && set->value[v] > 0.0)
		return fmax(
		    current + (after_va - before_va) / set->value[v], 0.0);
	return before_va > 0.0 ? current * after_va / before_va : current;
}

/* Moves P by offset_w and everything that hangs on it. phase 0: the total. */
static void
move(struct quantities *set, unsigned phase, double offset_w)
{
	double *p = &set->value[member(QUANTITY_ACTIVE_POWER, phase)];
	double *s = &set->value[member(QUANTITY_APPARENT_POWER, phase)];
	double *pf = &set->value[member(QUANTITY_POWER_FACTOR, phase)];
	double *i = &set->value[member(QUANTITY_CURRENT, phase)];
	double after_w = *p + offset_w;
	double rest = fmax((*s - *p) * (*s + *p), 0.0); /* rounded S < |P| */
	double after_va = sqrt(after_w * after_w + rest);

	*pf = moved_factor(*pf, *p, after_w, after_va);
	*i = moved_current(set, phase, *s, after_va);
	*s = after_va;
	*p = after_w;
}

/* Totals of a three-phase meter go with the phases' change. Where they were
 * not their sums before (a vector sum is less), they still fit the power. */
static void
follow_phases(struct quantities *set, const struct quantities *before)
{
	static const enum quantity totals[] = { QUANTITY_APPARENT_POWER,
		QUANTITY_CURRENT };
	double after_w = set->value[QUANTITY_ACTIVE_POWER];
	double least[] = { fabs(after_w), 0.0 };

	for (unsigned i = 0; i < 2; i++)
		set->value[totals[i]] = fmax(least[i],
		    before->value[totals[i]] + sum_of_phases(set, totals[i]) -
			sum_of_phases(before, totals[i]));
	set->value[QUANTITY_POWER_FACTOR] =
	    moved_factor(before->value[QUANTITY_POWER_FACTOR],
		before->value[QUANTITY_ACTIVE_POWER], after_w,
		set->value[QUANTITY_APPARENT_POWER]);
}

void
overlay_apply(const struct quantities *source, double offset_w, unsigned phases,
    struct quantities *shown)
{
	struct quantities before;

	*shown = *source;
	if (!fill(shown)) {
		shown->known = 0;
		return;
	}
	/* The identity, to the bit. */
	if (!(fabs(offset_w) > 0.0))
		return;
	before = *shown;
	move(shown, 0, offset_w);
	for (unsigned phase = 1; phase <= PHASES; phase++)
		move(shown, phase, offset_w / PHASES);
	if (phases == PHASES)
		follow_phases(shown, &before);
}
