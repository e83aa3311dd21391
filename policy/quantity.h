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
 *   battery power    W, charging positive; so is its current, A
 *   generation       W, positive;  consumption W, positive
 *   AC power         W of an inverter, given positive, taken negative
 *   grid power       W, import positive
 *   limits           W or A, never negative;  temperature C;  SOC, SOH %
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
	QUANTITY_ENERGY_IMPORT_L1,
	QUANTITY_ENERGY_IMPORT_L2,
	QUANTITY_ENERGY_IMPORT_L3,
	QUANTITY_ENERGY_EXPORT_L1,
	QUANTITY_ENERGY_EXPORT_L2,
	QUANTITY_ENERGY_EXPORT_L3,
	QUANTITY_REACTIVE_ENERGY_IMPORT,
	QUANTITY_REACTIVE_ENERGY_EXPORT,
	QUANTITY_AC_POWER, /* an inverter's, on its AC side */
	QUANTITY_GRID_POWER, /* as an inverter's own meter tells it */
	QUANTITY_LOAD_POWER,
	QUANTITY_BACKUP_POWER,
	QUANTITY_BATTERY_VOLTAGE,
	QUANTITY_BATTERY_CURRENT,
	QUANTITY_BATTERY_TEMPERATURE,
	QUANTITY_BATTERY_SOH,
	QUANTITY_BATTERY_ENERGY_CHARGED,
	QUANTITY_BATTERY_ENERGY_DISCHARGED,
	QUANTITY_ENERGY_GENERATED,
	QUANTITY_TEMPERATURE, /* of the device */
	QUANTITY_POWER_LIMIT, /* on the AC side */
	QUANTITY_EXPORT_LIMIT,
	QUANTITY_BATTERY_POWER_SETPOINT,
	QUANTITY_CHARGING_STATE, /* of a wallbox, by its own numbers */
	QUANTITY_CHARGING_POWER,
	QUANTITY_CHARGING_ENERGY, /* of all time */
	QUANTITY_SESSION_ENERGY, /* since the car was plugged in */
	QUANTITY_CURRENT_LIMIT, /* that the car may draw, a phase */
	QUANTITY_SAFE_CURRENT, /* the same when the box hears nothing */
	QUANTITY_PHASES, /* that the car is charged with */
	QUANTITY_HEATER_POWER,
	QUANTITY_HEATER_POWER_SETPOINT,
	QUANTITY_WATER_TEMPERATURE,
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
