/* SPDX-License-Identifier: MIT */
/*
 * Which model is it? Holds what a device answers against every map. Pure: how
 * a register is read is given.
 *
 * In this order, the surer first:
 *   signs      all that the map names as identity holds
 *   sunspec    the mark "SunS" is there, and models that the map reads
 *   plausible  the map has no identity, but where it has voltages and the
 *              frequency there are values that only those have: 80 to 300 V,
 *              45 to 65 Hz, in the type and scale of the map
 *
 * Maps of one family look alike. What stands in more places as the map says
 * wins; what is equal is told as such.
 */
#ifndef PROXY_RECOGNISE_H
#define PROXY_RECOGNISE_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/catalogue.h"

enum {
	RECOGNISE_MATCHES_MAX = 8,
	RECOGNISE_WORDS_MAX = 16, /* longest read */
	RECOGNISE_TEXT_SIZE = 33,
	RECOGNISE_MODELS_MAX = 24,
};

enum recognise_answer {
	RECOGNISE_WORDS,
	RECOGNISE_NO_ADDRESS, /* refused, or no such register here */
	RECOGNISE_NO_FUNCTION, /* refused: the function */
	RECOGNISE_SILENT,
};

struct recognise_source {
	/* At most RECOGNISE_WORDS_MAX registers, or bits, a word each. */
	enum recognise_answer (*read)(void *context, uint8_t function,
	    uint16_t address, uint16_t count, uint16_t *words);
	void *context;
};

enum recognise_how {
	RECOGNISE_NOT,
	RECOGNISE_PLAUSIBLE,
	RECOGNISE_SUNSPEC,
	RECOGNISE_SIGNS,
};

struct recognise_match {
	unsigned map; /* index in the catalogue */
	enum recognise_how how;
	int score; /* compares within one way of recognising */
	unsigned held; /* signs, models, or values that are as they must be */
};

/* What a SunSpec device says of itself. */
struct recognise_sunspec {
	bool found;
	uint16_t base;
	char maker[RECOGNISE_TEXT_SIZE];
	char model[RECOGNISE_TEXT_SIZE];
	unsigned count; /* models in its chain, as far as there is room */
	uint16_t models[RECOGNISE_MODELS_MAX];
};

struct recognise_result {
	unsigned count;
	struct recognise_match matches[RECOGNISE_MATCHES_MAX]; /* best first */
	unsigned equal; /* of them, not to be told from the first; it too */
	struct recognise_sunspec sunspec;
};

void recognise_device(const struct catalogue *catalogue,
    const struct recognise_source *source, struct recognise_result *result);

/* "plausible", "signs"... */
const char *recognise_how_name(enum recognise_how how);

/*
 * Is what stands at the map's voltages and frequency plausible? How many held,
 * and how many that could be read did not. For sources that know only some of
 * the registers.
 */
void recognise_values(const struct map *map,
    const struct recognise_source *source, unsigned *held, unsigned *broken);

/* Printable text of registers, the high byte first; ends at the first 0,
 * without spaces at its end. size: 2 * count + 1 at least. */
void recognise_text(const uint16_t *words, unsigned count, char *text);

#endif
