/* SPDX-License-Identifier: MIT */
#include "proxy/scan_plan.h"

#include <string.h>

/* The likely ones first. */
const uint32_t scan_plan_bauds[SCAN_PLAN_BAUDS] = { 9600, 19200, 38400, 115200,
	2400, 57600, 4800, 1200 };
const char *const scan_plan_formats[SCAN_PLAN_FORMATS] = { "8N1", "8E1", "8N2",
	"8O1" };

/* What makers deliver, and where people put a second and a third. */
static const uint8_t usual_units[] = { 1, 2, 3, 10, 4, 11, 247 };

/* A step in the format is as unlikely as two in the speed. */
enum { FORMAT_COST = 2 };

static void
add_settings(struct scan_plan *plan, const struct scan_plan_scope *scope)
{
	unsigned most = SCAN_PLAN_BAUDS + FORMAT_COST * SCAN_PLAN_FORMATS;

	for (unsigned cost = 0; cost < most; cost++)
		for (unsigned f = 0; f < SCAN_PLAN_FORMATS; f++) {
			unsigned b = cost - FORMAT_COST * f;
			struct scan_plan_setting *to;

			if (cost < FORMAT_COST * f || b >= SCAN_PLAN_BAUDS ||
			    !scope->bauds[b] || !scope->formats[f])
				continue;
			to = &plan->settings[plan->settings_count++];
			to->baud = scan_plan_bauds[b];
			memcpy(to->format, scan_plan_formats[f],
			    sizeof(to->format));
		}
}

static void
add_unit(
    struct scan_plan *plan, const struct scan_plan_scope *scope, uint8_t unit)
{
	if (unit == 0 || !scope->units[unit] ||
	    memchr(plan->units, unit, plan->units_count) != NULL)
		return;
	plan->units[plan->units_count++] = unit;
}

void
scan_plan_init(struct scan_plan *plan, const struct scan_plan_scope *scope,
    const uint8_t *also)
{
	*plan = (struct scan_plan){
		.all = scope->all, .quick = scope->quick, .only = -1
	};
	add_settings(plan, scope);
	for (unsigned i = 0; i < sizeof(usual_units); i++)
		add_unit(plan, scope, usual_units[i]);
	for (; also != NULL && *also != 0; also++)
		add_unit(plan, scope, *also);
	plan->likely_count = plan->units_count;
	for (unsigned unit = 1; unit < SCAN_PLAN_UNITS; unit++)
		add_unit(plan, scope, (uint8_t)unit);
}

static unsigned
units_of(const struct scan_plan *plan, bool rest)
{
	return rest ? plan->units_count - plan->likely_count
	            : plan->likely_count;
}

/* Is this setting still of interest? */
static bool
is_wanted(const struct scan_plan *plan, unsigned setting)
{
	return plan->all || plan->only < 0 || (unsigned)plan->only == setting;
}

bool
scan_plan_next(struct scan_plan *plan, struct scan_plan_try *next)
{
	for (;;) {
		if (plan->setting == plan->settings_count) {
			if (plan->rest || (plan->quick && plan->only < 0))
				return false;
			plan->rest = true;
			plan->setting = 0;
			plan->unit = 0;
		}
		if (plan->setting < plan->settings_count &&
		    plan->unit < units_of(plan, plan->rest) &&
		    is_wanted(plan, plan->setting))
			break;
		if (plan->setting == plan->settings_count)
			return false;
		plan->setting++;
		plan->unit = 0;
	}
	next->setting = plan->settings[plan->setting];
	next->unit =
	    plan->units[plan->unit + (plan->rest ? plan->likely_count : 0)];
	next->likely = !plan->rest;
	plan->tried_setting = plan->setting;
	plan->unit++;
	plan->done++;
	return true;
}

void
scan_plan_found(struct scan_plan *plan)
{
	if (plan->only < 0)
		plan->only = (int)plan->tried_setting;
}

static unsigned
left_of(const struct scan_plan *plan, bool rest)
{
	unsigned left = 0;
	bool now = plan->rest == rest;

	if (plan->rest && !rest)
		return 0;
	for (unsigned i = now ? plan->setting : 0; i < plan->settings_count;
	     i++) {
		if (!is_wanted(plan, i))
			continue;
		left += units_of(plan, rest);
		if (now && i == plan->setting)
			left -= plan->unit;
	}
	return left;
}

unsigned
scan_plan_left(const struct scan_plan *plan)
{
	bool rest = plan->rest || !plan->quick || plan->only >= 0;

	return left_of(plan, false) + (rest ? left_of(plan, true) : 0);
}
