/* SPDX-License-Identifier: MIT */
/* Whatever happens at once, libev asks for no memory any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/room.h"

enum { PIPES = ROOM_DESCRIPTORS / 4 };

static int calls;
static int fired;

/* As libev wants it: size 0 frees. */
static void *
counted(void *memory, long size)
{
	calls++;
	if (size != 0)
		return realloc(memory, (size_t)size);
	free(memory);
	return NULL;
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	fired++;
}

static void
on_writable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	fired++;
	ev_io_stop(loop, watcher);
}

/* Everything there is room for, in one turn of the loop. */
static void
all_at_once(struct ev_loop *loop)
{
	static ev_timer timers[ROOM_EVENTS - PIPES];
	static ev_io ios[PIPES];
	int fds[2];

	for (int i = 0; i < ROOM_EVENTS - PIPES; i++) {
		ev_timer_init(&timers[i], on_timer, 0.0, 0.0);
		ev_set_priority(&timers[i], i % 2 - 1);
		ev_timer_start(loop, &timers[i]);
	}
	for (int i = 0; i < PIPES; i++) {
		assert_int_equal(pipe(fds), 0);
		ev_io_init(&ios[i], on_writable, fds[1], EV_WRITE);
		ev_io_start(loop, &ios[i]);
	}
	ev_run(loop, EVRUN_NOWAIT);
	for (int i = 0; i < PIPES; i++)
		close(ios[i].fd);
}

static int
calls_of(bool with_room)
{
	struct ev_loop *loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);

	assert_non_null(loop);
	if (with_room)
		room_make(loop);
	ev_run(loop, EVRUN_NOWAIT);
	calls = fired = 0;
	all_at_once(loop);
	assert_int_equal(fired, ROOM_EVENTS);
	fired = calls;
	ev_loop_destroy(loop);
	return fired;
}

static void
nothing_is_asked_for_after_the_start(void **state)
{
	(void)state;
	assert_true(calls_of(false) > 0);
	assert_int_equal(calls_of(true), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_for_after_the_start),
	};

	ev_set_allocator(counted);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
