/* SPDX-License-Identifier: MIT */
#include "proxy/hotplug.h"

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* udev makes the device, then sets who may open it, then links names to it. */
#define EVENTS (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)

static void
watch_folder_of(const struct hotplug *hotplug, const char *path)
{
	char folder[CONFIG_PATH_MAX + 1];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return;
	*slash = '\0';
	(void)inotify_add_watch(hotplug->fd, folder, EVENTS);
}

/* Again after each event: /dev/serial goes with the last adapter, and is
 * another folder when it comes back. */
static void
watch(const struct hotplug *hotplug)
{
	(void)inotify_add_watch(hotplug->fd, "/dev", EVENTS);
	for (unsigned i = 0; i < hotplug->config->lines_count; i++) {
		if (hotplug->config->lines[i].serial != NULL)
			watch_folder_of(
			    hotplug, hotplug->config->lines[i].serial);
	}
}

/* Which one it was does not matter: each line that is down looks itself. */
static void
on_event(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct hotplug *hotplug = watcher->data;
	char buffer[4096];

	(void)loop;
	(void)events;
	if (read(hotplug->fd, buffer, sizeof(buffer)) <= 0)
		return;
	watch(hotplug);
	hotplug->plugged(hotplug->owner);
}

void
hotplug_start(struct hotplug *hotplug, struct ev_loop *loop,
    const struct config *config, void (*plugged)(void *owner), void *owner)
{
	*hotplug = (struct hotplug){
		.config = config,
		.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
		.plugged = plugged,
		.owner = owner,
	};
	if (hotplug->fd < 0)
		return;
	watch(hotplug);
	ev_io_init(&hotplug->readable, on_event, hotplug->fd, EV_READ);
	hotplug->readable.data = hotplug;
	ev_io_start(loop, &hotplug->readable);
}

void
hotplug_stop(struct hotplug *hotplug, struct ev_loop *loop)
{
	if (hotplug->fd < 0)
		return;
	ev_io_stop(loop, &hotplug->readable);
	close(hotplug->fd);
	hotplug->fd = -1;
}
