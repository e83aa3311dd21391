/* SPDX-License-Identifier: MIT */
/*
 * What happens in the house and in the sky: appliances that switch, a sun with
 * clouds. Drawn from a seed and moved in fixed steps, so the same seed gives
 * the same day. Quicker than a real household: something changes about every
 * half minute.
 */
#ifndef HOUSE_LIFE_H
#define HOUSE_LIFE_H

#include <stdbool.h>
#include <stdint.h>

enum { LIFE_PHASES = 3, LIFE_APPLIANCES = 9 };

/* What is asked of the grid connection and given by the sun. */
struct demand {
	double load_w[LIFE_PHASES];
	double load_var[LIFE_PHASES]; /* inductive positive */
	double sun_w; /* what the panels could give */
};

struct life {
	uint64_t random;
	unsigned phases; /* 1: everything hangs on L1 */
	bool load_fixed;
	bool sun_fixed;
	double load_w; /* when fixed */
	double sun_w; /* when fixed */
	double age_s;
	double cloud; /* part of the light that comes through */
	double cloud_to;
	double cloud_left_s;
	struct {
		bool on;
		double left_s;
	} appliances[LIFE_APPLIANCES];
};

void life_init(struct life *life, uint64_t seed, unsigned phases);
struct demand life_step(struct life *life, double dt_s);

/* A fixed load or sun from now on; and back to what the seed says. */
void life_fix_load(struct life *life, double w);
void life_fix_sun(struct life *life, double w);
void life_release(struct life *life);

/* 0 <= x < 1 */
double life_random(uint64_t *state);

#endif
