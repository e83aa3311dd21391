/* SPDX-License-Identifier: MIT */
#include "tests/house/device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/house/layout.h"
#include "tests/house/now.h"
#include "tests/house/seed.h"
#include "tests/house/witness.h"

enum {
	COILS = 1,
	INPUTS = 2,
	HOLDING = 3,
};

/* The store */

uint16_t
device_word(const struct device *device, unsigned function, unsigned address)
{
	switch (function) {
	case COILS:
		return device->store->tab_bits[address];
	case INPUTS:
		return device->store->tab_input_bits[address];
	case HOLDING:
		return device->store->tab_registers[address];
	default:
		return device->store->tab_input_registers[address];
	}
}

void
device_set_word(
    struct device *device, unsigned function, unsigned address, uint16_t word)
{
	switch (function) {
	case COILS:
		device->store->tab_bits[address] = word & 1;
		break;
	case INPUTS:
		device->store->tab_input_bits[address] = word & 1;
		break;
	case HOLDING:
		device->store->tab_registers[address] = word;
		break;
	default:
		device->store->tab_input_registers[address] = word;
	}
}

void
device_know(struct device *device, unsigned function, unsigned address,
    unsigned count, unsigned what)
{
	device->serves[function] =
	    device->serves[function] || (what == DEVICE_THERE && count > 0);
	for (unsigned i = 0; i < count && address + i < DEVICE_SPACE; i++)
		device->known[function][address + i] |= (uint8_t)what;
}

void
device_words(const struct device *device, unsigned i, uint16_t *words)
{
	const struct map_entry *entry = &device->map.entries[i];

	for (unsigned j = 0; j < entry->words; j++)
		words[j] =
		    device_word(device, entry->function, device->at[i] + j);
}

/* Values */

bool
device_is_copy(const struct device *device, unsigned i)
{
	const struct map_entry *entry = &device->map.entries[i];

	return entry->quantity != QUANTITY_COUNT && entry->poll == MAP_NEVER;
}

int
device_find(const struct device *device, const char *name)
{
	size_t length = strcspn(name, "@");
	const char *at = name[length] == '@' ? name + length + 1 : NULL;

	for (unsigned i = 0; i < device->map.entries_count; i++) {
		const char *own = device->map.entries[i].name;

		if (strlen(own) != length || strncmp(own, name, length) != 0)
			continue;
		if (at == NULL ? !device_is_copy(device, i)
			       : strtol(at, NULL, 10) == device->at[i])
			return (int)i;
	}
	return -1;
}

bool
device_scales(const struct device *device, unsigned i)
{
	for (unsigned j = 0; j < device->map.entries_count; j++)
		if (device->map.entries[j].scale_entry == (int)i)
			return true;
	return false;
}

int
device_scale10(const struct device *device, unsigned i)
{
	int at = device->map.entries[i].scale_entry;
	struct value value;

	if (at < 0)
		return 0;
	device_get(device, (unsigned)at, &value);
	return value.kind == VALUE_NUMBER ? (int)lround(value.number) : 0;
}

void
device_get(const struct device *device, unsigned i, struct value *value)
{
	uint16_t words[MAP_WORDS_MAX + DEVICE_FUNCTIONS];

	device_words(device, i, words);
	witness_get(
	    &device->map.entries[i], words, device_scale10(device, i), value);
}

bool
device_put(struct device *device, unsigned i, const struct value *value)
{
	const struct map_entry *entry = &device->map.entries[i];
	uint16_t words[MAP_WORDS_MAX + DEVICE_FUNCTIONS];

	if (!witness_put(entry, value, device_scale10(device, i), words))
		return false;
	for (unsigned j = 0; j < entry->words; j++)
		device_set_word(
		    device, entry->function, device->at[i] + j, words[j]);
	return true;
}

/* The watchdog */

enum device_watchdog
device_watchdog(struct device *device, int64_t now_ns)
{
	if (device->timeout_ns == 0)
		return DEVICE_NO_WATCHDOG;
	if (device->fed_ns == 0)
		return DEVICE_IDLE;
	if (!device->fallen && now_ns - device->fed_ns > device->timeout_ns) {
		device->fallen = true;
		device->counts.trips++;
	}
	return device->fallen ? DEVICE_FALLEN : DEVICE_FED;
}

const char *
device_watchdog_name(enum device_watchdog watchdog)
{
	static const char *const names[] = { [DEVICE_NO_WATCHDOG] = "none",
		[DEVICE_IDLE] = "idle",
		[DEVICE_FED] = "fed",
		[DEVICE_FALLEN] = "fallen" };

	return names[watchdog];
}

/* The start */

static bool
allocate(struct device *device)
{
	unsigned count = device->map.entries_count;
	bool good = true;

	device->store = modbus_mapping_new(
	    DEVICE_SPACE, DEVICE_SPACE, DEVICE_SPACE, DEVICE_SPACE);
	device->at = calloc(count, sizeof(*device->at));
	device->worn = calloc(count, sizeof(*device->worn));
	for (unsigned f = 1; f < DEVICE_FUNCTIONS; f++) {
		device->known[f] = calloc(DEVICE_SPACE, 1);
		good = good && device->known[f] != NULL;
	}
	return good && device->store != NULL && device->at != NULL &&
	       device->worn != NULL;
}

bool
device_open(struct device *device, const struct device_options *options)
{
	char error[512];

	*device = (struct device){ .unit = options->unit };
	(void)snprintf(device->name, sizeof(device->name), "%s", options->name);
	if (!map_load(options->map_file, &device->map, error, sizeof(error))) {
		fprintf(stderr, "house: %s\n", error);
		return false;
	}
	device->timeout_ns = (int64_t)((double)device->map.watchdog.timeout_s *
				       NOW_S / options->fast);
	if (!allocate(device) || !layout_place(device, options->seed))
		return false;
	seed_fill(device, options->seed);
	layout_stamp(device, options->seed);
	return true;
}
