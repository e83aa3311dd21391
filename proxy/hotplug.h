/* SPDX-License-Identifier: MIT */
/* Tells when something was plugged in, so that a line that is down is opened
 * at once and not at its next try. */
#ifndef PROXY_HOTPLUG_H
#define PROXY_HOTPLUG_H

#include <ev.h>

#include "gateway/config.h"

struct hotplug {
	const struct config *config;
	int fd; /* inotify; -1: not to be had, lines just try again */
	ev_io readable;
	void (*plugged)(void *owner);
	void *owner;
};

/* Watches /dev and the folders that the lines' device names are in. */
void hotplug_start(struct hotplug *hotplug, struct ev_loop *loop,
    const struct config *config, void (*plugged)(void *owner), void *owner);
void hotplug_stop(struct hotplug *hotplug, struct ev_loop *loop);

#endif
