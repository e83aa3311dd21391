/* SPDX-License-Identifier: MIT */
/* Life, plant and what the inverter last read, behind one lock. */
#ifndef HOUSE_WORLD_H
#define HOUSE_WORLD_H

#include <pthread.h>
#include <stdbool.h>

#include "tests/house/life.h"
#include "tests/house/plant.h"

struct world {
	pthread_mutex_t lock;
	struct life life;
	struct plant plant;
	double shown_w; /* the inverter's last good answer */
	bool shown_ok; /* its last question was answered */
};

/* A copy of what may be looked at. */
struct world_view {
	struct plant plant;
	double shown_w;
	bool shown_ok;
};

/* phases: of the house, inverter_phases: fed by the inverter; 1 or 3. */
void world_init(struct world *world, uint64_t seed, unsigned phases,
    unsigned inverter_phases);
void world_step(struct world *world, double dt_s);
struct world_view world_look(struct world *world);

/* The inverter's question was answered; was not. */
void world_hear(struct world *world, double shown_w);
void world_miss(struct world *world);

void world_fix_load(struct world *world, double w);
void world_fix_sun(struct world *world, double w);
void world_release(struct world *world);

#endif
