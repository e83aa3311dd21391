/* SPDX-License-Identifier: MIT */
/*
 * The quantities this program knows, their units and their signs. Said once,
 * here; every other file follows.
 *
 *   active power     W, import from the grid positive, export negative
 *   reactive power   var, inductive import positive
 *   apparent power   VA, never negative
 *   current          A, never negative
 *   power factor     -1 .. 1, the sign as the meter gives it
 *   energy           Wh, counters that only grow
 *   battery power    W, charging positive
 *   generation       W, positive;  consumption W, positive
 *   offset           W, added to what the inverter is shown: positive makes
 *                    it export more, negative less
 *
 * A map's scale turns a device's own signs and units into these; nothing
 * behind proxy/point.c converts again.
 */
#ifndef POLICY_QUANTITY_H
#define POLICY_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

/* A closed vocabulary: maps, database, API and page use these names. */
enum quantity {
	QUANTITY_ACTIVE_POWER,
	QUANTITY_ACTIVE_POWER_L1,
	QUANTITY_ACTIVE_POWER_L2,
	QUANTITY_ACTIVE_POWER_L3,
	QUANTITY_REACTIVE_POWER,
	QUANTITY_REACTIVE_POWER_L1,
	QUANTITY_REACTIVE_POWER_L2,
	QUANTITY_REACTIVE_POWER_L3,
	QUANTITY_APPARENT_POWER,
	QUANTITY_APPARENT_POWER_L1,
	QUANTITY_APPARENT_POWER_L2,
	QUANTITY_APPARENT_POWER_L3,
	QUANTITY_POWER_FACTOR,
	QUANTITY_POWER_FACTOR_L1,
	QUANTITY_POWER_FACTOR_L2,
	QUANTITY_POWER_FACTOR_L3,
	QUANTITY_VOLTAGE, /* one phase, or the mean of three */
	QUANTITY_VOLTAGE_L1,
	QUANTITY_VOLTAGE_L2,
	QUANTITY_VOLTAGE_L3,
	QUANTITY_CURRENT, /* one phase, or the sum of three */
	QUANTITY_CURRENT_L1,
	QUANTITY_CURRENT_L2,
	QUANTITY_CURRENT_L3,
	QUANTITY_FREQUENCY,
	QUANTITY_ENERGY_IMPORT,
	QUANTITY_ENERGY_EXPORT,
	QUANTITY_BATTERY_POWER,
	QUANTITY_BATTERY_SOC,
	QUANTITY_PV_POWER,
	QUANTITY_OFFSET, /* of a shown meter: what was added */
	QUANTITY_COUNT
};

/* "active_power_l1"; "?" outside the list. */
const char *quantity_name(enum quantity quantity);
/* "W", "var", "Wh"; "" for a plain number. */
const char *quantity_unit(enum quantity quantity);
/* False when no quantity has that name. */
bool quantity_parse(const char *name, enum quantity *quantity);

/*
 * A set of values in base units. A value counts only while its bit in `known`
 * is set; there are no special numbers for "missing".
 */
struct quantities {
	double value[QUANTITY_COUNT];
	uint64_t known;
};

static inline bool
quantities_has(const struct quantities *set, enum quantity quantity)
{
	return (set->known >> quantity & 1) != 0;
}

static inline void
quantities_put(struct quantities *set, enum quantity quantity, double value)
{
	set->value[quantity] = value;
	set->known |= UINT64_C(1) << quantity;
}

#endif
