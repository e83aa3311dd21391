/* SPDX-License-Identifier: MIT */
#include "proxy/overlay.h"

#include <math.h>
#include <string.h>

enum { PHASES = 3 };

/* A family of quantities: the total, and behind it L1, L2, L3. */
static enum quantity
member(enum quantity total, unsigned phase)
{
	return (enum quantity)((unsigned)total + phase);
}

static bool
has_phases(const struct quantities *set, enum quantity total)
{
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		if (!quantities_has(set, member(total, phase)))
			return false;
	}
	return true;
}

static double
sum_of_phases(const struct quantities *set, enum quantity total)
{
	double sum = 0.0;

	for (unsigned phase = 1; phase <= PHASES; phase++)
		sum += set->value[member(total, phase)];
	return sum;
}

/* What has no total gets the sum; what has no phases gets equal shares. */
static void
fill_sums(struct quantities *set)
{
	static const enum quantity totals[] = { QUANTITY_ACTIVE_POWER,
		QUANTITY_REACTIVE_POWER, QUANTITY_APPARENT_POWER,
		QUANTITY_CURRENT };

	for (unsigned i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		enum quantity total = totals[i];

		if (!quantities_has(set, total) && has_phases(set, total))
			quantities_put(set, total, sum_of_phases(set, total));
		if (!quantities_has(set, total) || has_phases(set, total))
			continue;
		for (unsigned phase = 1; phase <= PHASES; phase++)
			quantities_put(set, member(total, phase),
			    set->value[total] / PHASES);
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

/* S from P and Q, PF from P and S, I from S and V, where the source has
 * none. */
static void
fill_derived(struct quantities *set, unsigned phase)
{
	enum quantity p = member(QUANTITY_ACTIVE_POWER, phase);
	enum quantity q = member(QUANTITY_REACTIVE_POWER, phase);
	enum quantity s = member(QUANTITY_APPARENT_POWER, phase);
	enum quantity pf = member(QUANTITY_POWER_FACTOR, phase);
	enum quantity v = member(QUANTITY_VOLTAGE, phase);
	enum quantity i = member(QUANTITY_CURRENT, phase);

	if (!quantities_has(set, p))
		return;
	if (!quantities_has(set, s))
		quantities_put(set, s,
		    hypot(set->value[p],
			quantities_has(set, q) ? set->value[q] : 0.0));
	if (!quantities_has(set, pf))
		quantities_put(set, pf,
		    set->value[s] > 0.0 ? set->value[p] / set->value[s] : 1.0);
	if (!quantities_has(set, i) && quantities_has(set, v) &&
	    set->value[v] > 0.0)
		quantities_put(set, i, set->value[s] / set->value[v]);
}

static void
fill(struct quantities *set)
{
	fill_sums(set);
	fill_voltages(set);
	/* Phases first: a total current is their sum, not S over one V. */
	for (unsigned phase = 1; phase <= PHASES; phase++)
		fill_derived(set, phase);
	fill_sums(set);
	fill_derived(set, 0);
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

static double
moved_current(const struct quantities *set, unsigned phase, double before_va,
    double after_va)
{
	double voltage = set->value[member(QUANTITY_VOLTAGE, phase)];
	double current = set->value[member(QUANTITY_CURRENT, phase)];

	if (before_va > 0.0)
		return current * after_va / before_va;
	return voltage > 0.0 ? after_va / voltage : current;
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
	double rest = *s * *s - *p * *p;
	double after_va = sqrt(after_w * after_w + fmax(rest, 0.0));

	*pf = moved_factor(*pf, *p, after_w, after_va);
	*i = moved_current(set, phase, *s, after_va);
	*s = after_va;
	*p = after_w;
}

/* Totals of a three-phase meter go with the phases' change. */
static void
follow_phases(struct quantities *set, const struct quantities *before)
{
	static const enum quantity totals[] = { QUANTITY_APPARENT_POWER,
		QUANTITY_CURRENT };

	for (unsigned i = 0; i < 2; i++)
		set->value[totals[i]] = before->value[totals[i]] +
		                        sum_of_phases(set, totals[i]) -
		                        sum_of_phases(before, totals[i]);
	set->value[QUANTITY_POWER_FACTOR] =
	    moved_factor(before->value[QUANTITY_POWER_FACTOR],
		before->value[QUANTITY_ACTIVE_POWER],
		set->value[QUANTITY_ACTIVE_POWER],
		set->value[QUANTITY_APPARENT_POWER]);
}

void
overlay_apply(const struct quantities *source, double offset_w, unsigned phases,
    struct quantities *shown)
{
	struct quantities before;

	*shown = *source;
	fill(shown);
	if (!quantities_has(shown, QUANTITY_ACTIVE_POWER)) {
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
