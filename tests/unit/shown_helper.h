/* SPDX-License-Identifier: MIT */
/*
 * What a shown meter must hold, had another way than the program has it: from
 * the power triangles of three wires, and by a decoder of its own.
 */
#ifndef TESTS_UNIT_SHOWN_HELPER_H
#define TESTS_UNIT_SHOWN_HELPER_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "proxy/shown.h"

#define P  QUANTITY_ACTIVE_POWER
#define Q  QUANTITY_REACTIVE_POWER
#define S  QUANTITY_APPARENT_POWER
#define PF QUANTITY_POWER_FACTOR
#define V  QUANTITY_VOLTAGE
#define A  QUANTITY_CURRENT

#define EI QUANTITY_ENERGY_IMPORT
#define EE QUANTITY_ENERGY_EXPORT

struct wire {
	double w, var, volt;
};

/* A grid connection: of a single phase, or of three. */
struct grid {
	unsigned phases;
	struct wire wires[3];
	double hz, import_wh, export_wh, import_varh;
};

static inline double
wire_va(const struct wire *wire)
{
	return sqrt(wire->w * wire->w + wire->var * wire->var);
}

static inline void
grid_put(struct quantities *set, unsigned phase, double w, double var,
    double va, double volt, double amps)
{
	const double values[] = { w, var, va, va > 0 ? w / va : 1, volt, amps };
	const enum quantity totals[] = { P, Q, S, PF, V, A };

	for (unsigned i = 0; i < 6; i++)
		quantities_put(
		    set, (enum quantity)(totals[i] + phase), values[i]);
}

/* As a good meter measures wires[0 .. count - 1], with or without phases. */
static inline void
grid_measure(struct quantities *set, const struct wire *wires, unsigned count)
{
	double sums[5] = { 0 };

	for (unsigned k = 0; k < count; k++) {
		double va = wire_va(&wires[k]);
		const double parts[] = { wires[k].w, wires[k].var, va,
			wires[k].volt / count, va / wires[k].volt };

		if (count > 1)
			grid_put(set, k + 1, wires[k].w, wires[k].var, va,
			    wires[k].volt, va / wires[k].volt);
		for (unsigned i = 0; i < 5; i++)
			sums[i] += parts[i];
	}
	grid_put(set, 0, sums[0], sums[1], sums[2], sums[3], sums[4]);
}

static inline struct quantities
grid_sample(const struct grid *grid)
{
	struct quantities set = { .known = 0 };

	grid_measure(&set, grid->wires, grid->phases);
	quantities_put(&set, QUANTITY_FREQUENCY, grid->hz);
	quantities_put(&set, EI, grid->import_wh);
	quantities_put(&set, EE, grid->export_wh);
	quantities_put(
	    &set, QUANTITY_REACTIVE_ENERGY_IMPORT, grid->import_varh);
	return set;
}

/* The wires as a three-phase meter is to see them, with the offset on them. */
static inline void
grid_three(const struct grid *grid, unsigned on, double offset_w,
    struct wire wires[static 3])
{
	for (unsigned k = 0; k < 3; k++) {
		double share = on == 0 ? 1.0 / 3 : on == k + 1 ? 1.0 : 0.0;

		wires[k] = grid->wires[grid->phases == 3 ? k : 0];
		if (grid->phases == 1) {
			wires[k].w *= share;
			wires[k].var *= share;
		}
		wires[k].w += share * offset_w;
	}
}

/* One meter for all: what is not active power stays, and so does the share of
 * the voltages in the current. */
static inline void
grid_one(
    const struct quantities *whole, double offset_w, struct quantities *shown)
{
	double rest = whole->value[S] * whole->value[S] -
	              whole->value[P] * whole->value[P];
	double w = whole->value[P] + offset_w;
	double va = sqrt(w * w + fmax(rest, 0));

	grid_put(shown, 0, w, whole->value[Q], va, whole->value[V],
	    fmax(
		whole->value[A] + (va - whole->value[S]) / whole->value[V], 0));
}

static inline void
grid_count(const struct grid *grid, const struct complete_shape *shape,
    struct quantities *shown)
{
	bool placed = grid->phases == 1 && shape->on > 0;

	quantities_put(shown, EI, grid->import_wh);
	quantities_put(shown, EE, grid->export_wh);
	quantities_put(
	    shown, QUANTITY_REACTIVE_ENERGY_IMPORT, grid->import_varh);
	for (unsigned k = 0; k < 3; k++) {
		double share = placed ? (shape->on == k + 1) : 1.0 / 3;

		quantities_put(shown,
		    (enum quantity)(QUANTITY_ENERGY_IMPORT_L1 + k),
		    grid->import_wh * share);
		quantities_put(shown,
		    (enum quantity)(QUANTITY_ENERGY_EXPORT_L1 + k),
		    grid->export_wh * share);
	}
}

/* L1 of a single-phase meter. */
static inline void
grid_first(struct quantities *shown)
{
	const enum quantity totals[] = { P, Q, S, PF, V, A, EI, EE };

	for (unsigned i = 0; i < 8; i++)
		if (quantities_has(shown, totals[i]))
			quantities_put(shown, complete_phase(totals[i], 1),
			    shown->value[totals[i]]);
}

/* What is to be shown; where it is not known, the register is 0. */
static inline struct quantities
grid_shown(const struct grid *grid, const struct complete_shape *shape,
    double offset_w)
{
	struct quantities shown = { .known = 0 }, whole = { .known = 0 };
	bool picked = shape->phases == 1 && grid->phases == 3 && shape->on > 0;
	struct wire wires[3];

	quantities_put(&shown, QUANTITY_FREQUENCY, grid->hz);
	if (shape->phases == 3) {
		grid_three(grid, shape->on, offset_w, wires);
		grid_measure(&shown, wires, 3);
	} else {
		grid_measure(&whole,
		    picked ? &grid->wires[shape->on - 1] : grid->wires,
		    picked ? 1 : grid->phases);
		grid_one(&whole, offset_w, &shown);
	}
	if (!picked)
		grid_count(grid, shape, &shown);
	if (shape->phases == 1)
		grid_first(&shown);
	return shown;
}

/* --- registers -------------------------------------------------------------
 */

static inline unsigned
place_count(const struct map *map)
{
	return map->points_count + map->copies_count;
}

static inline const struct map_point *
place_at(const struct map *map, unsigned index)
{
	return index < map->points_count
	           ? &map->points[index]
	           : &map->copies[index - map->points_count];
}

/* What the registers of a type hold at most; false: floats. */
static inline bool
place_range(enum map_type type, double *min, double *max)
{
	bool is_long = type == MAP_U32 || type == MAP_S32;
	double end = is_long ? 4294967296.0 : 65536.0;
	bool is_signed = type == MAP_S16 || type == MAP_S32;

	*min = is_signed ? -end / 2 : 0;
	*max = is_signed ? end / 2 - 1 : end - 1;
	return type != MAP_F32;
}

static inline double
place_float(uint32_t bits)
{
	int exponent = (int)(bits >> 23 & 0xff);
	double mantissa =
	    (double)(bits & 0x7fffff) + (exponent > 0 ? 8388608.0 : 0.0);
	double value = ldexp(mantissa, (exponent > 0 ? exponent : 1) - 150);

	return bits >> 31 ? -value : value;
}

static inline double
place_read(const struct image *image, const struct map_point *point)
{
	bool is_long = point->type != MAP_U16 && point->type != MAP_S16;
	const uint16_t *at = image_read(image, point->address, is_long ? 2 : 1);
	bool low_first = image->map->word_order == MAP_LOW_WORD_FIRST;
	double min, max, raw;

	if (at == NULL)
		return (double)NAN;
	raw = is_long ? at[low_first ? 1 : 0] * 65536.0 + at[low_first ? 0 : 1]
	              : at[0];
	if (!place_range(point->type, &min, &max))
		return place_float((uint32_t)raw) * point->scale;
	if (raw > max)
		raw -= is_long ? 4294967296.0 : 65536.0;
	return raw * point->scale;
}

/* Half a step; of a float half the distance to the next, and what the scale
 * adds. */
static inline double
place_half(const struct map_point *point, double value)
{
	if (point->type == MAP_F32)
		return fabs(value) * 1.3e-7 + 1e-12;
	return fabs(point->scale) * 0.5 + fabs(value) * 1e-9;
}

/* Held at the end of the register. */
static inline double
place_clamp(const struct map_point *point, double value)
{
	double min, max;

	if (!place_range(point->type, &min, &max))
		return value;
	if (value / point->scale < min)
		return min * point->scale;
	return value / point->scale > max ? max * point->scale : value;
}

/* Places that are no map_point: by the entry, in its own words. */
static inline double
wide_read(const struct image *image, const struct map_entry *entry)
{
	const uint16_t *at = image_read(image, entry->address, entry->words);
	bool low_first = entry->word_order == MAP_LOW_WORD_FIRST;
	double raw = 0, top;
	uint64_t bits = 0;

	for (unsigned i = 0; at != NULL && i < entry->words; i++) {
		uint16_t word = at[low_first ? entry->words - 1U - i : i];

		raw = raw * 65536 + word;
		bits = bits << 16 | word;
	}
	top = ldexp(1, 16 * entry->words);
	switch ((int)entry->type) {
	case MAP_F32:
		raw = place_float((uint32_t)bits);
		break;
	case MAP_F64:
		memcpy(&raw, &bits, sizeof(raw));
		break;
	case MAP_S16:
	case MAP_S32:
	case MAP_S64:
		raw -= raw >= top / 2 ? top : 0;
		break;
	default:
		break;
	}
	return at == NULL ? (double)NAN : (raw - entry->offset) * entry->scale;
}

static inline const char *
wide_wrong(const struct image *image, const struct map_entry *entry,
    const struct quantities *wanted)
{
	static char text[160];
	bool known = quantities_has(wanted, entry->quantity);
	double want = known ? wanted->value[entry->quantity] : 0.0;
	double got = wide_read(image, entry);

	/* An offset of the registers makes 0 another value, when not told. */
	if (!known ||
	    fabs(got - want) <= fabs(entry->scale) * 1.5 + fabs(want) * 1.3e-7)
		return NULL;
	snprintf(text, sizeof(text), "%s at %u: %.9g, not %.9g", entry->name,
	    entry->address, got, want);
	return text;
}

static inline bool
place_is_sum(enum quantity quantity)
{
	return (quantity >= P && quantity <= S + 3) ||
	       (quantity >= A && quantity <= A + 3);
}

/* NULL, or what is wrong with it. */
static inline const char *
place_wrong(const struct image *image, const struct map_point *point,
    const struct quantities *wanted)
{
	static char text[160];
	enum quantity quantity = point->quantity;
	const struct map_point *first = map_find(image->map, quantity);
	bool known = quantities_has(wanted, quantity);
	double want = known ? wanted->value[quantity] : 0.0;
	double got = place_read(image, point), slack;

	if (quantity >= PF && quantity <= PF + 3 &&
	    (point->type == MAP_U16 || point->type == MAP_U32))
		want = fabs(want);
	slack = place_half(point, want);
	/* Sums give way by a step, and S once more, not to be below |P|; second
	 * places say what the first one does. */
	if (place_is_sum(quantity) && first != NULL)
		slack += place_half(first, want) *
		         ((quantity >= S && quantity <= S + 3 ? 3 : 1) +
			     (point != first));
	want = place_clamp(point, want);
	if (fabs(got - want) <= slack + fabs(want) * 1e-9)
		return NULL;
	snprintf(text, sizeof(text), "%s at %u: %.9g, not %.9g +- %g",
	    quantity_name(quantity), point->address, got, want, slack);
	return text;
}

/* Do the registers of total and phases add up, to a step of each? exactly:
 * they have one step, and nothing is held at an end. */
static inline const char *
place_sums_wrong(const struct image *image, enum quantity total)
{
	static char text[160];
	double sum = 0, slack = 0, got = 0;
	double step = 0;
	bool exactly = total != S;

	for (unsigned k = 0; k <= 3; k++) {
		const struct map_point *point =
		    map_find(image->map, (enum quantity)(total + k));
		double value, min, max;

		if (point == NULL)
			return NULL;
		value = place_read(image, point);
		exactly &= place_range(point->type, &min, &max);
		if (point->type != MAP_F32 &&
		    (value / point->scale < min + 0.5 ||
			value / point->scale > max - 0.5))
			return NULL;
		exactly &= k == 0 || fabs(fabs(point->scale) - step) <= 0;
		step = fabs(point->scale);
		slack += 2 * place_half(point, value);
		sum += k > 0 ? value : 0;
		got = k > 0 ? got : value;
	}
	if (fabs(got - sum) <= (exactly ? step * 1e-3 : slack))
		return NULL;
	snprintf(text, sizeof(text), "%s %.9g, sum of the phases %.9g",
	    quantity_name(total), got, sum);
	return text;
}

#endif
