/* SPDX-License-Identifier: MIT */
#include "proxy/room.h"

static void
on_nothing(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
}

static void
on_no_bytes(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)loop;
	(void)watcher;
	(void)events;
}

/* All of them pending at once at each priority, then none. */
static void
make_pending(struct ev_loop *loop, ev_timer *timers)
{
	for (int priority = EV_MINPRI; priority <= EV_MAXPRI; priority++) {
		for (int i = 0; i < ROOM_EVENTS; i++) {
			ev_set_priority(&timers[i], priority);
			ev_feed_event(loop, &timers[i], EV_CUSTOM);
		}
		for (int i = 0; i < ROOM_EVENTS; i++)
			ev_clear_pending(loop, &timers[i]);
	}
}

/* They run, and fire in one turn. */
static void
make_timers(struct ev_loop *loop, ev_timer *timers)
{
	for (int i = 0; i < ROOM_EVENTS; i++)
		ev_timer_start(loop, &timers[i]);
	ev_run(loop, EVRUN_NOWAIT);
}

/* Nothing is asked of the kernel: they are stopped before the loop looks. */
static void
make_descriptors(struct ev_loop *loop)
{
	ev_io watcher;

	ev_init(&watcher, on_no_bytes);
	for (int fd = 0; fd < ROOM_DESCRIPTORS; fd++) {
		ev_io_set(&watcher, fd, EV_READ);
		ev_io_start(loop, &watcher);
		ev_io_stop(loop, &watcher);
	}
}

void
room_make(struct ev_loop *loop)
{
	ev_timer timers[ROOM_EVENTS];

	for (int i = 0; i < ROOM_EVENTS; i++)
		ev_timer_init(&timers[i], on_nothing, 0.0, 0.0);
	make_pending(loop, timers);
	make_timers(loop, timers);
	make_descriptors(loop);
}
