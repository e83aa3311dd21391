/* SPDX-License-Identifier: MIT */
#include "proxy/overlay.h"

#include <math.h>

static enum quantity
member(enum quantity total, unsigned phase)
{
	return complete_phase(total, phase);
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
		    before->value[totals[i]] + complete_sum(set, totals[i]) -
			complete_sum(before, totals[i]));
	set->value[QUANTITY_POWER_FACTOR] =
	    moved_factor(before->value[QUANTITY_POWER_FACTOR],
		before->value[QUANTITY_ACTIVE_POWER], after_w,
		set->value[QUANTITY_APPARENT_POWER]);
}

/* A phase that carries nothing of it stays, to the bit. */
static void
move_phases(struct quantities *set, double offset_w, unsigned on)
{
	for (unsigned phase = 1; phase <= COMPLETE_PHASES; phase++) {
		if (on == 0)
			move(set, phase, offset_w / COMPLETE_PHASES);
		else if (on == phase)
			move(set, phase, offset_w);
	}
}

void
overlay_apply(const struct quantities *source, double offset_w,
    const struct complete_shape *shape, struct quantities *shown)
{
	bool moved = fabs(offset_w) > 0.0;
	struct quantities before;

	*shown = *source;
	if (!complete_fill(shown, shape)) {
		shown->known = 0;
		return;
	}
	/* The identity, to the bit. */
	if (moved) {
		before = *shown;
		move(shown, 0, offset_w);
		move_phases(shown, offset_w, shape->on);
		if (shape->phases > 1)
			follow_phases(shown, &before);
	}
	complete_rest(shown);
	if (shape->phases == 1)
		complete_single(shown, source, shape, moved);
}
