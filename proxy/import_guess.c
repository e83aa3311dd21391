/* SPDX-License-Identifier: MIT */
#include "proxy/import_guess.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/import_word.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { CLAUSE_SIZE = 200 };

/* --- which way is positive -------------------------------------------------
 */

static const struct {
	enum import_guess_sign sign;
	const char *word;
	int way;
} ways[] = {
	{ IMPORT_SIGN_GRID, "import", 1 },
	{ IMPORT_SIGN_GRID, "consumption", 1 },
	{ IMPORT_SIGN_GRID, "bezug", 1 },
	{ IMPORT_SIGN_GRID, "export", -1 },
	{ IMPORT_SIGN_GRID, "feed-in", -1 },
	{ IMPORT_SIGN_GRID, "einspeisung", -1 },
	{ IMPORT_SIGN_BATTERY, "charge", 1 },
	{ IMPORT_SIGN_BATTERY, "charging", 1 },
	{ IMPORT_SIGN_BATTERY, "laden", 1 },
	{ IMPORT_SIGN_BATTERY, "discharge", -1 },
	{ IMPORT_SIGN_BATTERY, "discharging", -1 },
	{ IMPORT_SIGN_BATTERY, "entladen", -1 },
	{ IMPORT_SIGN_AC, "production", 1 },
	{ IMPORT_SIGN_AC, "generation", 1 },
	{ IMPORT_SIGN_AC, "export", 1 },
	{ IMPORT_SIGN_AC, "output", 1 },
	{ IMPORT_SIGN_AC, "einspeisung", 1 },
	{ IMPORT_SIGN_AC, "import", -1 },
};

static bool
ends_with(const char *text, const char *end, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(end - text) >= length &&
	       memcmp(end - length, word, length) == 0;
}

/* "+ import", "positive = import". */
static int
told_before(const char *text, const char *at)
{
	while (at > text && strchr(" =:", at[-1]) != NULL)
		at--;
	if (at == text)
		return 0;
	if (at[-1] == '+')
		return 1;
	if (at[-1] == '-')
		return at - 1 == text || strchr(" (,;", at[-2]) != NULL ? -1
		                                                        : 0;
	return ends_with(text, at, "positive")   ? 1
	       : ends_with(text, at, "negative") ? -1
	                                         : 0;
}

/* "import positive" */
static int
told_behind(const char *at)
{
	at += strspn(at, " :=");
	return strncmp(at, "positiv", 7) == 0   ? 1
	       : strncmp(at, "negativ", 7) == 0 ? -1
	                                        : 0;
}

static bool
is_word(const char *text, const char *at, size_t length)
{
	return (at == text || !isalnum((unsigned char)at[-1])) &&
	       !isalnum((unsigned char)at[length]);
}

int
import_guess_told(const char *text, enum import_guess_sign sign)
{
	bool plus = false, minus = false;

	for (size_t i = 0; i < COUNT(ways); i++) {
		size_t length = strlen(ways[i].word);
		const char *at = text;

		if (ways[i].sign != sign)
			continue;
		for (; (at = strstr(at, ways[i].word)) != NULL; at += length) {
			int before, behind;

			if (!is_word(text, at, length))
				continue;
			before = told_before(text, at) * ways[i].way;
			behind = told_behind(at + length) * ways[i].way;
			plus |= before > 0 || behind > 0;
			minus |= before < 0 || behind < 0;
		}
	}
	return plus == minus ? 0 : plus ? 1 : -1;
}

/* Does the clause name the address, or any? */
static bool
names_address(const char *clause, unsigned address, bool *any)
{
	for (const char *at = clause; *at != '\0';) {
		unsigned value;
		const char *end;

		if (!import_word_count(at, &value, &end)) {
			at++;
			continue;
		}
		/* Small ones are counts and phases. */
		if (value == address)
			return true;
		*any |= end - at >= 4;
		at = end;
	}
	return false;
}

/* Is the clause about such a thing: "battery + charge"? A meter has but one. */
static bool
is_about(const char *clause, enum import_guess_sign sign, enum map_kind kind)
{
	static const struct {
		enum import_guess_sign sign;
		const char *word;
	} subjects[] = {
		{ IMPORT_SIGN_GRID, "meter" },
		{ IMPORT_SIGN_GRID, "grid" },
		{ IMPORT_SIGN_BATTERY, "battery" },
		{ IMPORT_SIGN_AC, "inverter" },
		{ IMPORT_SIGN_AC, "ac_power" },
		{ IMPORT_SIGN_AC, "ac power" },
	};
	bool about = kind == MAP_METER;

	for (size_t i = 0; i < COUNT(subjects); i++) {
		if (strstr(clause, subjects[i].word) == NULL)
			continue;
		if (subjects[i].sign == sign)
			about = true;
		else if (kind != MAP_METER)
			return false; /* of two things: which is meant? */
	}
	return about;
}

/* What the note `sign` says of this row: clauses with its address if there
 * are any, else those about its like. */
static int
told_by_note(const struct import_head *head, unsigned address,
    enum import_guess_sign sign)
{
	const char *note = head->sign;
	int exact = 0, like = 0;
	bool is_exact = false, both = false;

	while (*note != '\0') {
		char clause[CLAUSE_SIZE];
		bool any = false;
		size_t length = strcspn(note, ";.");
		int told;

		import_word_plain(clause,
		    length + 1 < sizeof(clause) ? length + 1 : sizeof(clause),
		    note);
		told = import_guess_told(clause, sign);
		if (names_address(clause, address, &any)) {
			is_exact = true;
			both |= exact * told < 0;
			exact = told != 0 ? told : exact;
		} else if (!any && is_about(clause, sign, head->kind) &&
			   told != 0) {
			both |= !is_exact && like * told < 0;
			like = told;
		}
		note += length + (note[length] != '\0');
	}
	return both ? 0 : is_exact ? exact : like;
}

static bool
is_unsigned(enum map_type type)
{
	return type == MAP_U16 || type == MAP_U32 || type == MAP_U64;
}

static int
find_sign(const struct import_head *head, const struct import_row *row,
    enum import_guess_sign sign)
{
	char meaning[IMPORT_LINE_SIZE];
	int own, noted;

	if (sign == IMPORT_SIGN_NONE ||
	    (sign == IMPORT_SIGN_AC && is_unsigned(row->type)))
		return 1;
	/* One that cannot go below 0 hides the other way; one whose scale
	 * turns the sign already: is the note about before or after? */
	if (is_unsigned(row->type) || row->scale < 0)
		return 0;
	import_word_lower(meaning, sizeof(meaning), row->meaning);
	own = import_guess_told(meaning, sign);
	noted = told_by_note(head, row->address, sign);
	if (own * noted < 0)
		return 0;
	if (own == 0 && noted == 0 && head->kind == MAP_METER &&
	    head->sign[0] == '\0')
		return 1; /* as the head of the report says */
	return own != 0 ? own : noted;
}

/* --- what it is ------------------------------------------------------------
 */

/* A setting in a register of a measured name is something else, as a limit. */
enum how { MEASURED, WRITTEN, EITHER };

#define KIND(kind) (1u << (kind))
enum {
	METER = KIND(MAP_METER),
	INVERTER = KIND(MAP_INVERTER),
	BATTERY = KIND(MAP_BATTERY),
	BOX = KIND(MAP_WALLBOX),
	HEATER = KIND(MAP_HEATER),
	ANY = METER | INVERTER | BOX | HEATER,
};

/* With three, names end in _l1 and so do the quantities that follow. */
static const struct guess {
	unsigned kinds;
	const char *names; /* apart by spaces, with one at each end */
	enum quantity quantity;
	enum import_guess_sign sign;
	bool three; /* also of each phase */
	enum how how;
} guesses[] = {
	{ METER,
	    " active_power active_power_total power power_total total_power "
	    "total_active_power wirkleistung wirkleistung_gesamt ",
	    QUANTITY_ACTIVE_POWER, IMPORT_SIGN_GRID, true, MEASURED },
	{ METER, " reactive_power reactive_power_total blindleistung ",
	    QUANTITY_REACTIVE_POWER, IMPORT_SIGN_NONE, true, MEASURED },
	{ METER, " apparent_power apparent_power_total scheinleistung ",
	    QUANTITY_APPARENT_POWER, IMPORT_SIGN_NONE, true, MEASURED },
	{ METER, " power_factor power_factor_total leistungsfaktor ",
	    QUANTITY_POWER_FACTOR, IMPORT_SIGN_NONE, true, MEASURED },
	{ METER, " voltage voltage_ln_avg voltage_avg spannung ",
	    QUANTITY_VOLTAGE, IMPORT_SIGN_NONE, true, MEASURED },
	{ METER, " current current_total current_sum strom ", QUANTITY_CURRENT,
	    IMPORT_SIGN_NONE, true, MEASURED },
	{ INVERTER | BOX | HEATER, " voltage spannung ", QUANTITY_VOLTAGE,
	    IMPORT_SIGN_NONE, true, MEASURED },
	{ BOX | HEATER, " current strom ", QUANTITY_CURRENT, IMPORT_SIGN_NONE,
	    true, MEASURED },
	{ ANY, " frequency grid_frequency frequenz netzfrequenz ",
	    QUANTITY_FREQUENCY, IMPORT_SIGN_NONE, false, MEASURED },
	{ METER,
	    " energy_import energy_import_total total_import import_energy "
	    "energie_bezug bezug ",
	    QUANTITY_ENERGY_IMPORT, IMPORT_SIGN_NONE, false, MEASURED },
	{ METER,
	    " energy_export energy_export_total total_export export_energy "
	    "energie_einspeisung einspeisung ",
	    QUANTITY_ENERGY_EXPORT, IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " energy_import_l1 ", QUANTITY_ENERGY_IMPORT_L1,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " energy_import_l2 ", QUANTITY_ENERGY_IMPORT_L2,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " energy_import_l3 ", QUANTITY_ENERGY_IMPORT_L3,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " energy_export_l1 ", QUANTITY_ENERGY_EXPORT_L1,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " energy_export_l2 ", QUANTITY_ENERGY_EXPORT_L2,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " energy_export_l3 ", QUANTITY_ENERGY_EXPORT_L3,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ METER, " reactive_energy_import reactive_energy_import_total ",
	    QUANTITY_REACTIVE_ENERGY_IMPORT, IMPORT_SIGN_NONE, false,
	    MEASURED },
	{ METER, " reactive_energy_export reactive_energy_export_total ",
	    QUANTITY_REACTIVE_ENERGY_EXPORT, IMPORT_SIGN_NONE, false,
	    MEASURED },

	{ INVERTER,
	    " ac_power ac_active_power ac_power_total output_power "
	    "inverter_power ",
	    QUANTITY_AC_POWER, IMPORT_SIGN_AC, false, MEASURED },
	{ INVERTER, " pv_power pv_power_total total_pv_power total_dc_power ",
	    QUANTITY_PV_POWER, IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER,
	    " grid_power grid_power_total meter_power meter_active_power "
	    "meter_active_power_total netzleistung ",
	    QUANTITY_GRID_POWER, IMPORT_SIGN_GRID, false, MEASURED },
	{ INVERTER, " load_power house_load_power household_load_power ",
	    QUANTITY_LOAD_POWER, IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER, " backup_power backup_load_power ", QUANTITY_BACKUP_POWER,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER | BATTERY, " battery_power ", QUANTITY_BATTERY_POWER,
	    IMPORT_SIGN_BATTERY, false, MEASURED },
	{ INVERTER | BATTERY, " battery_current ", QUANTITY_BATTERY_CURRENT,
	    IMPORT_SIGN_BATTERY, false, MEASURED },
	{ BATTERY, " current ", QUANTITY_BATTERY_CURRENT, IMPORT_SIGN_BATTERY,
	    false, MEASURED },
	{ INVERTER | BATTERY, " battery_voltage ", QUANTITY_BATTERY_VOLTAGE,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ BATTERY, " voltage ", QUANTITY_BATTERY_VOLTAGE, IMPORT_SIGN_NONE,
	    false, MEASURED },
	{ INVERTER | BATTERY, " battery_soc soc ", QUANTITY_BATTERY_SOC,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER | BATTERY, " battery_soh soh ", QUANTITY_BATTERY_SOH,
	    IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER | BATTERY, " battery_temperature battery_temp ",
	    QUANTITY_BATTERY_TEMPERATURE, IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER | BATTERY,
	    " battery_energy_charged battery_charge_energy_total "
	    "battery_energy_charged_total battery_charge_total ",
	    QUANTITY_BATTERY_ENERGY_CHARGED, IMPORT_SIGN_NONE, false,
	    MEASURED },
	{ INVERTER | BATTERY,
	    " battery_energy_discharged battery_discharge_energy_total "
	    "battery_energy_discharged_total battery_discharge_total ",
	    QUANTITY_BATTERY_ENERGY_DISCHARGED, IMPORT_SIGN_NONE, false,
	    MEASURED },
	{ INVERTER, " energy_generated energy_generated_total ",
	    QUANTITY_ENERGY_GENERATED, IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER | BOX, " temperature inverter_temperature inverter_temp ",
	    QUANTITY_TEMPERATURE, IMPORT_SIGN_NONE, false, MEASURED },
	{ INVERTER, " power_limit power_limit_watt ", QUANTITY_POWER_LIMIT,
	    IMPORT_SIGN_NONE, false, WRITTEN },
	{ INVERTER, " export_limit export_power_limit grid_export_limit ",
	    QUANTITY_EXPORT_LIMIT, IMPORT_SIGN_NONE, false, WRITTEN },
	{ INVERTER, " battery_power_setpoint ", QUANTITY_BATTERY_POWER_SETPOINT,
	    IMPORT_SIGN_BATTERY, false, WRITTEN },

	{ BOX, " charging_state car_state vehicle_state charge_point_state ",
	    QUANTITY_CHARGING_STATE, IMPORT_SIGN_NONE, false, MEASURED },
	{ BOX, " charging_power power active_power power_total ",
	    QUANTITY_CHARGING_POWER, IMPORT_SIGN_NONE, false, MEASURED },
	{ BOX, " charging_energy energy_total energy energy_import ",
	    QUANTITY_CHARGING_ENERGY, IMPORT_SIGN_NONE, false, MEASURED },
	{ BOX, " session_energy ", QUANTITY_SESSION_ENERGY, IMPORT_SIGN_NONE,
	    false, MEASURED },
	{ BOX,
	    " current_limit max_current set_current set_current_limit "
	    "charge_current ",
	    QUANTITY_CURRENT_LIMIT, IMPORT_SIGN_NONE, false, WRITTEN },
	{ BOX, " safe_current failsafe_current set_failsafe_current ",
	    QUANTITY_SAFE_CURRENT, IMPORT_SIGN_NONE, false, WRITTEN },
	{ HEATER, " heater_power ", QUANTITY_HEATER_POWER, IMPORT_SIGN_NONE,
	    false, MEASURED },
	{ HEATER, " heater_power_setpoint load_setpoint ",
	    QUANTITY_HEATER_POWER_SETPOINT, IMPORT_SIGN_NONE, false, WRITTEN },
	{ HEATER, " water_temperature boiler_temperature ",
	    QUANTITY_WATER_TEMPERATURE, IMPORT_SIGN_NONE, false, MEASURED },
};

static bool
has_name(const char *names, const char *name, size_t length)
{
	for (const char *at = names; (at = strchr(at, ' ')) != NULL;) {
		at++;
		if (length > 0 && strncmp(at, name, length) == 0 &&
		    at[length] == ' ')
			return true;
	}
	return false;
}

/* The row of the table, and the phase: 0, or 1 to 3. */
static const struct guess *
find(const struct import_head *head, const struct import_row *row,
    unsigned *phase)
{
	size_t length = strlen(row->name);

	for (size_t i = 0; i < COUNT(guesses); i++) {
		const struct guess *guess = &guesses[i];

		*phase = 0;
		if ((guess->kinds & KIND(head->kind)) == 0 ||
		    (guess->how == WRITTEN && row->access == IMPORT_R) ||
		    (guess->how == MEASURED && row->access != IMPORT_R))
			continue;
		if (has_name(guess->names, row->name, length))
			return guess;
		if (!guess->three || length < 4 ||
		    strncmp(row->name + length - 3, "_l", 2) != 0 ||
		    row->name[length - 1] < '1' || row->name[length - 1] > '3')
			continue;
		*phase = (unsigned)(row->name[length - 1] - '0');
		if (has_name(guess->names, row->name, length - 3))
			return guess;
	}
	return NULL;
}

static bool
is_whole_number_or_float(enum map_type type)
{
	return type != MAP_STRING && type != MAP_BYTES &&
	       type != MAP_DATETIME && type != MAP_BITS16 &&
	       type != MAP_BITS32 && type != MAP_BCD16 && type != MAP_HEX16;
}

void
import_guess_quantity(const struct import_head *head, struct import_row *row,
    struct import_report *report)
{
	unsigned phase;
	const struct guess *guess = find(head, row, &phase);
	enum quantity quantity;
	const char *unit = row->unit;
	double scale = row->scale;
	int sign;

	if (guess == NULL || !is_whole_number_or_float(row->type))
		return;
	if (row->confidence == MAP_CONFLICT) {
		import_say(report, row->line, row->name,
		    "not taken for the quantity: the witnesses disagree");
		return;
	}
	quantity = (enum quantity)((unsigned)guess->quantity + phase);
	if (!import_word_fit(&unit, quantity_unit(quantity), &scale)) {
		import_say(report, row->line, row->name,
		    "not taken for the quantity: '%s' is no unit of it", unit);
		return;
	}
	sign = find_sign(head, row, guess->sign);
	if (sign == 0) {
		import_say(report, row->line, row->name,
		    "not taken for the quantity: its sign is not told");
		return;
	}
	row->quantity = quantity;
	row->scale = scale * sign;
	if (unit != row->unit)
		import_word_plain(row->unit, sizeof(row->unit), unit);
}
