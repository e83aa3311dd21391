/* SPDX-License-Identifier: MIT */
#include "tests/house/world.h"

void
world_init(struct world *world, uint64_t seed, unsigned phases,
    unsigned inverter_phases)
{
	*world = (struct world){ .shown_ok = false };
	pthread_mutex_init(&world->lock, NULL);
	life_init(&world->life, seed, phases);
	plant_init(&world->plant, inverter_phases);
}

void
world_step(struct world *world, double dt_s)
{
	struct demand demand;

	pthread_mutex_lock(&world->lock);
	demand = life_step(&world->life, dt_s);
	plant_step(&world->plant, &demand, dt_s);
	pthread_mutex_unlock(&world->lock);
}

struct world_view
world_look(struct world *world)
{
	struct world_view view;

	pthread_mutex_lock(&world->lock);
	view.plant = world->plant;
	view.shown_w = world->shown_w;
	view.shown_ok = world->shown_ok;
	pthread_mutex_unlock(&world->lock);
	return view;
}

void
world_hear(struct world *world, double shown_w)
{
	pthread_mutex_lock(&world->lock);
	plant_hear(&world->plant, shown_w);
	world->shown_w = shown_w;
	world->shown_ok = true;
	pthread_mutex_unlock(&world->lock);
}

void
world_miss(struct world *world)
{
	pthread_mutex_lock(&world->lock);
	world->shown_ok = false;
	pthread_mutex_unlock(&world->lock);
}

void
world_fix_load(struct world *world, double w)
{
	pthread_mutex_lock(&world->lock);
	life_fix_load(&world->life, w);
	pthread_mutex_unlock(&world->lock);
}

void
world_fix_sun(struct world *world, double w)
{
	pthread_mutex_lock(&world->lock);
	life_fix_sun(&world->life, w);
	pthread_mutex_unlock(&world->lock);
}

void
world_release(struct world *world)
{
	pthread_mutex_lock(&world->lock);
	life_release(&world->life);
	pthread_mutex_unlock(&world->lock);
}
