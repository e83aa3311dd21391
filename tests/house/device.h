/* SPDX-License-Identifier: MIT */
/*
 * A device made from a map file: every entry at its function and address, with
 * values from a seed. It refuses what such a device would: registers that are
 * not there, reads that are too long, writes to what cannot be written. No
 * I/O; the time is told. Not safe by itself: one bus holds it under its lock.
 */
#ifndef HOUSE_DEVICE_H
#define HOUSE_DEVICE_H

#include <modbus.h>
#include <stdbool.h>
#include <stdint.h>

#include "proxy/map.h"
#include "proxy/value.h"

enum {
	DEVICE_NAME_SIZE = 32,
	DEVICE_FUNCTIONS = 5, /* 1 to 4, by number */
	DEVICE_SPACE = 65536, /* addresses of a function */
};

/* What is known of an address. */
enum {
	DEVICE_THERE = 1,
	DEVICE_HOLE = 2, /* never read, whatever else is known */
	DEVICE_MORE = 4, /* a number began before it */
};

struct device_counts {
	unsigned requests;
	unsigned answers;
	unsigned refused;
	unsigned early; /* within gap_ms of what went before: not answered */
	unsigned torn; /* reads of a part of a number */
	unsigned writes; /* requests that were taken */
	unsigned trips; /* of the watchdog */
};

enum device_watchdog {
	DEVICE_NO_WATCHDOG,
	DEVICE_IDLE, /* never fed */
	DEVICE_FED,
	DEVICE_FALLEN,
};

struct device {
	char name[DEVICE_NAME_SIZE];
	int unit;
	struct map map;
	modbus_mapping_t *store; /* all addresses of all four tables */
	uint8_t *known[DEVICE_FUNCTIONS]; /* DEVICE_SPACE each; [0]: none */
	bool serves[DEVICE_FUNCTIONS]; /* something is there */
	uint16_t *at; /* where each entry stands */
	unsigned *worn; /* how often each entry was written */
	struct device_counts counts;
	int64_t quiet_ns; /* the end of what went before */
	int64_t timeout_ns; /* of the watchdog; 0: it has none */
	int64_t fed_ns; /* 0: never */
	bool fallen;
	bool silent; /* told so */
};

struct device_options {
	const char *name;
	const char *map_file;
	int unit;
	uint64_t seed;
	double fast; /* the watchdog's clock runs so many times as quick */
};

/* False: reason on stderr. What it holds lives as long as the program. */
bool device_open(struct device *device, const struct device_options *options);

enum device_watchdog device_watchdog(struct device *device, int64_t now_ns);
const char *device_watchdog_name(enum device_watchdog watchdog);

/* A second place of a quantity. */
bool device_is_copy(const struct device *device, unsigned entry);

/* "name", or "name@address" for the copies as well. -1: none. */
int device_find(const struct device *device, const char *name);

void device_get(
    const struct device *device, unsigned entry, struct value *value);
/* False: it cannot be held there. Writes nothing that `worn` counts. */
bool device_put(
    struct device *device, unsigned entry, const struct value *value);

/* The power of ten of the entry's scale point; 0 without. */
int device_scale10(const struct device *device, unsigned entry);
/* Whether it is the scale point of another. */
bool device_scales(const struct device *device, unsigned entry);

/* The registers or bits of an entry. */
void device_words(const struct device *device, unsigned entry, uint16_t *words);
uint16_t device_word(
    const struct device *device, unsigned function, unsigned address);
void device_set_word(
    struct device *device, unsigned function, unsigned address, uint16_t word);
void device_know(struct device *device, unsigned function, unsigned address,
    unsigned count, unsigned what);

#endif
