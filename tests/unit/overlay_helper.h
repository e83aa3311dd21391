/* SPDX-License-Identifier: MIT */
/* Rows of tests of what is shown: some values in, some values out. */
#ifndef TESTS_UNIT_OVERLAY_HELPER_H
#define TESTS_UNIT_OVERLAY_HELPER_H

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "proxy/overlay.h"

#define P  QUANTITY_ACTIVE_POWER
#define Q  QUANTITY_REACTIVE_POWER
#define VA QUANTITY_APPARENT_POWER
#define PF QUANTITY_POWER_FACTOR
#define V  QUANTITY_VOLTAGE
#define A  QUANTITY_CURRENT
#define F  QUANTITY_FREQUENCY

#define EI  QUANTITY_ENERGY_IMPORT
#define EE  QUANTITY_ENERGY_EXPORT
#define EI1 QUANTITY_ENERGY_IMPORT_L1
#define EE1 QUANTITY_ENERGY_EXPORT_L1

enum { ROW_VALUES = 8 };

struct pair {
	unsigned quantity; /* the list ends with QUANTITY_COUNT */
	double value;
};

#define END                                                                    \
	{                                                                      \
		QUANTITY_COUNT, 0                                              \
	}

static const struct complete_shape one = { .phases = 1 };
static const struct complete_shape three = { .phases = 3 };
static inline enum quantity
member(enum quantity total, unsigned phase)
{
	return (enum quantity)(total + phase);
}

static inline struct quantities
set_of(const struct pair *pairs)
{
	struct quantities set;

	/* What is not known must not matter. */
	memset(&set, 0xff, sizeof(set));
	set.known = 0;
	for (; pairs->quantity != QUANTITY_COUNT; pairs++)
		quantities_put(
		    &set, (enum quantity)pairs->quantity, pairs->value);
	return set;
}

struct row {
	const char *rule;
	struct pair source[ROW_VALUES];
	double offset_w;
	const struct complete_shape *shape;
	struct pair shown[ROW_VALUES];
};

static inline void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct quantities source = set_of(rows[i].source);
		struct quantities shown;

		overlay_apply(&source, rows[i].offset_w, rows[i].shape, &shown);
		for (const struct pair *pair = rows[i].shown;
		     pair->quantity != QUANTITY_COUNT; pair++) {
			double value = shown.value[pair->quantity];

			if (!quantities_has(
				&shown, (enum quantity)pair->quantity) ||
			    !(fabs(value - pair->value) < 1e-6))
				fail_msg("%s: %s is %.9g", rows[i].rule,
				    quantity_name(
					(enum quantity)pair->quantity),
				    value);
		}
	}
}

#endif
