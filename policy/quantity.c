/* SPDX-License-Identifier: MIT */
#include "policy/quantity.h"

#include <string.h>

static const struct {
	const char *name;
	const char *unit;
} quantities[QUANTITY_COUNT] = {
	[QUANTITY_ACTIVE_POWER] = { "active_power", "W" },
	[QUANTITY_ACTIVE_POWER_L1] = { "active_power_l1", "W" },
	[QUANTITY_ACTIVE_POWER_L2] = { "active_power_l2", "W" },
	[QUANTITY_ACTIVE_POWER_L3] = { "active_power_l3", "W" },
	[QUANTITY_REACTIVE_POWER] = { "reactive_power", "var" },
	[QUANTITY_REACTIVE_POWER_L1] = { "reactive_power_l1", "var" },
	[QUANTITY_REACTIVE_POWER_L2] = { "reactive_power_l2", "var" },
	[QUANTITY_REACTIVE_POWER_L3] = { "reactive_power_l3", "var" },
	[QUANTITY_APPARENT_POWER] = { "apparent_power", "VA" },
	[QUANTITY_APPARENT_POWER_L1] = { "apparent_power_l1", "VA" },
	[QUANTITY_APPARENT_POWER_L2] = { "apparent_power_l2", "VA" },
	[QUANTITY_APPARENT_POWER_L3] = { "apparent_power_l3", "VA" },
	[QUANTITY_POWER_FACTOR] = { "power_factor", "" },
	[QUANTITY_POWER_FACTOR_L1] = { "power_factor_l1", "" },
	[QUANTITY_POWER_FACTOR_L2] = { "power_factor_l2", "" },
	[QUANTITY_POWER_FACTOR_L3] = { "power_factor_l3", "" },
	[QUANTITY_VOLTAGE] = { "voltage", "V" },
	[QUANTITY_VOLTAGE_L1] = { "voltage_l1", "V" },
	[QUANTITY_VOLTAGE_L2] = { "voltage_l2", "V" },
	[QUANTITY_VOLTAGE_L3] = { "voltage_l3", "V" },
	[QUANTITY_CURRENT] = { "current", "A" },
	[QUANTITY_CURRENT_L1] = { "current_l1", "A" },
	[QUANTITY_CURRENT_L2] = { "current_l2", "A" },
	[QUANTITY_CURRENT_L3] = { "current_l3", "A" },
	[QUANTITY_FREQUENCY] = { "frequency", "Hz" },
	[QUANTITY_ENERGY_IMPORT] = { "energy_import", "Wh" },
	[QUANTITY_ENERGY_EXPORT] = { "energy_export", "Wh" },
	[QUANTITY_BATTERY_POWER] = { "battery_power", "W" },
	[QUANTITY_BATTERY_SOC] = { "battery_soc", "%" },
	[QUANTITY_PV_POWER] = { "pv_power", "W" },
	[QUANTITY_OFFSET] = { "offset", "W" },
	[QUANTITY_ENERGY_IMPORT_L1] = { "energy_import_l1", "Wh" },
	[QUANTITY_ENERGY_IMPORT_L2] = { "energy_import_l2", "Wh" },
	[QUANTITY_ENERGY_IMPORT_L3] = { "energy_import_l3", "Wh" },
	[QUANTITY_ENERGY_EXPORT_L1] = { "energy_export_l1", "Wh" },
	[QUANTITY_ENERGY_EXPORT_L2] = { "energy_export_l2", "Wh" },
	[QUANTITY_ENERGY_EXPORT_L3] = { "energy_export_l3", "Wh" },
	[QUANTITY_REACTIVE_ENERGY_IMPORT] = { "reactive_energy_import", "varh" },
	[QUANTITY_REACTIVE_ENERGY_EXPORT] = { "reactive_energy_export", "varh" },
	[QUANTITY_AC_POWER] = { "ac_power", "W" },
	[QUANTITY_GRID_POWER] = { "grid_power", "W" },
	[QUANTITY_LOAD_POWER] = { "load_power", "W" },
	[QUANTITY_BACKUP_POWER] = { "backup_power", "W" },
	[QUANTITY_BATTERY_VOLTAGE] = { "battery_voltage", "V" },
	[QUANTITY_BATTERY_CURRENT] = { "battery_current", "A" },
	[QUANTITY_BATTERY_TEMPERATURE] = { "battery_temperature", "C" },
	[QUANTITY_BATTERY_SOH] = { "battery_soh", "%" },
	[QUANTITY_BATTERY_ENERGY_CHARGED] = { "battery_energy_charged", "Wh" },
	[QUANTITY_BATTERY_ENERGY_DISCHARGED] = { "battery_energy_discharged", "Wh" },
	[QUANTITY_ENERGY_GENERATED] = { "energy_generated", "Wh" },
	[QUANTITY_TEMPERATURE] = { "temperature", "C" },
	[QUANTITY_POWER_LIMIT] = { "power_limit", "W" },
	[QUANTITY_EXPORT_LIMIT] = { "export_limit", "W" },
	[QUANTITY_BATTERY_POWER_SETPOINT] = { "battery_power_setpoint", "W" },
	[QUANTITY_CHARGING_STATE] = { "charging_state", "" },
	[QUANTITY_CHARGING_POWER] = { "charging_power", "W" },
	[QUANTITY_CHARGING_ENERGY] = { "charging_energy", "Wh" },
	[QUANTITY_SESSION_ENERGY] = { "session_energy", "Wh" },
	[QUANTITY_CURRENT_LIMIT] = { "current_limit", "A" },
	[QUANTITY_SAFE_CURRENT] = { "safe_current", "A" },
	[QUANTITY_PHASES] = { "phases", "" },
	[QUANTITY_HEATER_POWER] = { "heater_power", "W" },
	[QUANTITY_HEATER_POWER_SETPOINT] = { "heater_power_setpoint", "W" },
	[QUANTITY_WATER_TEMPERATURE] = { "water_temperature", "C" },
};

const char *
quantity_name(enum quantity quantity)
{
	return quantity < QUANTITY_COUNT ? quantities[quantity].name : "?";
}

const char *
quantity_unit(enum quantity quantity)
{
	return quantity < QUANTITY_COUNT ? quantities[quantity].unit : "";
}

bool
quantity_parse(const char *name, enum quantity *quantity)
{
	for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
		if (strcmp(name, quantities[i].name) == 0) {
			*quantity = (enum quantity)i;
			return true;
		}
	}
	return false;
}
