/* SPDX-License-Identifier: MIT */
/*
 * libev's tables grow when more happens at once than ever before: with a call
 * to the allocator, on whatever day that is. This makes them as large as they
 * can ever be here, at the start.
 */
#ifndef PROXY_ROOM_H
#define PROXY_ROOM_H

#include <ev.h>

enum {
	/* Events that can be pending at once, at one priority; timers that run;
	 * descriptors whose watchers change in one turn. There are at most 8
	 * lines of 5 watchers each, and a few of the process. */
	ROOM_EVENTS = 128,
	ROOM_DESCRIPTORS = 128,
};

/* Before the first watcher of one's own, and before the loop runs. */
void room_make(struct ev_loop *loop);

#endif
