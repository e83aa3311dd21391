/* SPDX-License-Identifier: MIT */
#include "proxy/proxy.h"

#include <assert.h>
#include <ev.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <time.h>

#include "gateway/child.h"
#include "gateway/log.h"
#include "gateway/outbox.h"
#include "proxy/answer.h"
#include "proxy/ask.h"
#include "proxy/lease.h"
#include "proxy/feed.h"
#include "proxy/hotplug.h"
#include "proxy/journal.h"
#include "proxy/relay.h"
#include "proxy/report.h"
#include "proxy/room.h"
#include "proxy/setup.h"
#include "proxy/snapshot.h"
#include "proxy/tcp_server.h"

enum {
	RECORDS = 4096, /* two minutes of a busy house while storage is away */
	UPDATES = 64,
	STOP_FLUSH_MS = 400,
};

/* Records leave in small batches: one wake-up of storage for several. */
#define FLUSH_S 0.05
#define TICK_S  0.1
#define SOON_S  0.02

struct proxy {
	const struct proxy_start *start;
	const struct config *config;
	struct ev_loop *loop;
	struct outbox records; /* to storage */
	struct outbox updates; /* to web */
	unsigned asks_count;
	unsigned answers_count;
	unsigned shown_count;
	struct ask asks[CONFIG_LINES_MAX];
	struct answer answers[CONFIG_LINES_MAX];
	struct shown shown[CONFIG_SHOWN_MAX];
	struct feed feeds[CONFIG_SHOWN_MAX]; /* by shown meter */
	struct device *devices[CONFIG_DEVICES_MAX];
	struct relay relay;
	struct tcp_server tcp;
	struct mono readings_at[CONFIG_DEVICES_MAX];
	struct report report;
	struct hotplug hotplug;
	ev_io parent;
	ev_io web;
	ev_timer tick;
	ev_timer flush;
	ev_prepare prepare;
};

/* Large, and never on the heap: one proxy a process. */
static struct proxy the_proxy;

/* Powers with every sample, the rest once a second: they hardly move. */
static uint64_t
worth_recording(
    struct proxy *proxy, const struct device *device, struct mono now)
{
	struct mono *last = &proxy->readings_at[device->index];

	if (mono_diff_us(now, *last) < 1000000)
		return UINT64_C(1) << QUANTITY_ACTIVE_POWER;
	*last = now;
	return UINT64_MAX;
}

static void
on_sample(void *owner, struct device *device, struct mono now)
{
	struct proxy *proxy = owner;

	device_forget_old(device, now);
	journal_reading(&proxy->records, false, device->index, &device->values,
	    worth_recording(proxy, device, now));
	for (unsigned i = 0; i < proxy->shown_count; i++)
		feed_sample(&proxy->feeds[i], device, now);
}

static void
on_missed(void *owner, struct device *device, struct mono now)
{
	struct proxy *proxy = owner;

	for (unsigned i = 0; i < proxy->shown_count; i++)
		feed_missed(&proxy->feeds[i], device, now);
}

static const struct ask_owner ask_calls = {
	.sample = on_sample,
	.missed = on_missed,
};

static struct line *
line_of(struct proxy *proxy, unsigned index)
{
	return proxy->asks[index].devices_count > 0
	           ? &proxy->asks[index].line
	           : &proxy->answers[index].line;
}

static void
look_at_lines(struct proxy *proxy, struct mono now)
{
	for (unsigned i = 0; i < proxy->config->lines_count; i++) {
		enum hint hint = line_hint(line_of(proxy, i), now);

		if (hint != HINT_NONE)
			journal_event(&proxy->records, LOG_LEVEL_WARNING,
			    proxy->config->lines[i].name, "%s",
			    hint_text(hint));
	}
}

static void
on_plugged(void *owner)
{
	struct proxy *proxy = owner;

	for (unsigned i = 0; i < proxy->config->lines_count; i++)
		line_plugged(line_of(proxy, i));
}

static void
on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct proxy *proxy = timer->data;
	struct mono now = clock_now();

	(void)events;
	child_alive();
	if (child_stopping())
		ev_break(loop, EVBREAK_ALL);
	for (unsigned i = 0; i < proxy->shown_count; i++) {
		feed_check(&proxy->feeds[i], now);
		snapshot_push(&proxy->updates, &proxy->shown[i],
		    proxy->feeds[i].used, proxy->records.dropped, now);
	}
	look_at_lines(proxy, now);
	report_tick(&proxy->report, &proxy->updates, now);
	outbox_flush(&proxy->updates);
}

static void
on_flush(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct proxy *proxy = timer->data;

	(void)loop;
	(void)events;
	outbox_flush(&proxy->records);
}

/* Before the loop sleeps: records that wait want a wake-up. */
static void
on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct proxy *proxy = prepare->data;

	(void)events;
	if (proxy->records.count == 0 || ev_is_active(&proxy->flush))
		return;
	ev_timer_set(&proxy->flush, FLUSH_S, 0.0);
	ev_timer_start(loop, &proxy->flush);
}

static void
on_parent(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct message message;

	(void)events;
	while (message_receive(watcher->fd, &message) == MESSAGE_DONE)
		continue;
	if (message_receive(watcher->fd, &message) == MESSAGE_GONE)
		ev_break(loop, EVBREAK_ALL);
}

static void
on_web(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct proxy *proxy = watcher->data;
	struct message message;
	enum message_status status;

	(void)events;
	while (
	    (status = message_receive(watcher->fd, &message)) == MESSAGE_DONE) {
		if (message.type == MESSAGE_OFFSET)
			lease_request(proxy->shown, proxy->shown_count,
			    &message.body.offset, &proxy->records,
			    &proxy->updates, proxy->start->parent_fd);
	}
	if (status == MESSAGE_GONE)
		ev_io_stop(loop, watcher);
	outbox_flush(&proxy->updates);
}

static struct ask *
ask_for(struct proxy *proxy, unsigned line)
{
	return &proxy->asks[line];
}

static void
build_devices(struct proxy *proxy)
{
	const struct setup *setup = proxy->start->setup;

	for (unsigned i = 0; i < proxy->config->devices_count; i++) {
		const struct config_device *config = &proxy->config->devices[i];

		proxy->devices[i] = ask_add(ask_for(proxy, config->line_index),
		    config, i, setup->device_map[i]);
		if (proxy->devices[i] == NULL)
			log_fatal(EX_CONFIG,
			    "device %s: map %s needs too many reads",
			    config->name, config->map);
	}
}

static void
build_feed(struct proxy *proxy, unsigned index)
{
	const struct config_shown *config = &proxy->config->shown[index];
	struct shown *shown = &proxy->shown[index];
	struct device *source = proxy->devices[config->source_index];
	struct device *fallback = NULL;

	if (config->fallback != NULL)
		fallback = proxy->devices[config->fallback_index];
	feed_init(&proxy->feeds[index], shown, source, fallback,
	    &proxy->records, clock_now());
	/* With several inverters, the first one's beat. */
	if (source->beat == NULL)
		source->beat = &shown->beat;
	if (config->mode == SHOWN_INLINE)
		shown->meter = source;
}

static void
build_shown(struct proxy *proxy)
{
	const struct setup *setup = proxy->start->setup;

	proxy->shown_count = proxy->config->shown_count;
	for (unsigned i = 0; i < proxy->shown_count; i++) {
		const struct config_shown *config = &proxy->config->shown[i];
		const struct config_device *source;
		struct shown *shown = &proxy->shown[i];
		struct answer_meter meter;

		if (!shown_init(shown, config, i, setup->shown_map[i],
			proxy->config->site))
			log_fatal(EX_CONFIG,
			    "shown %s: map %s has too many registers",
			    config->name, config->map);
		lease_resume(shown, &proxy->start->leases[i]);
		build_feed(proxy, i);
		source = &proxy->config->devices[config->source_index];
		meter.shown = shown;
		meter.ask = ask_for(proxy, source->line_index);
		meter.unit = (uint8_t)source->unit;
		answer_add(&proxy->answers[config->line_index], &meter);
	}
}

static void
start_lines(struct proxy *proxy)
{
	for (unsigned i = 0; i < proxy->config->lines_count; i++) {
		const struct config_line *line = &proxy->config->lines[i];
		bool good = true;

		if (proxy->asks[i].devices_count > 0)
			good = ask_start(&proxy->asks[i], proxy->loop, line, i,
			    &proxy->records, &ask_calls, proxy);
		else if (proxy->answers[i].meters_count > 0)
			good = answer_start(&proxy->answers[i], proxy->loop,
			    line, i, &proxy->records);
		if (!good)
			log_fatal(EX_OSERR, "line %s: out of descriptors",
			    line->name);
	}
}

static void
watch_lines(struct proxy *proxy)
{
	report_init(&proxy->report, clock_now());
	for (unsigned i = 0; i < proxy->config->lines_count; i++) {
		struct report_line *line = &proxy->report.lines[i];

		proxy->asks[i].tally = proxy->answers[i].tally = &line->tally;
		proxy->answers[i].questions = &line->asked;
	}
	for (unsigned i = 0; i < proxy->config->lines_count; i++)
		report_watch(&proxy->report, i, line_of(proxy, i));
}

static void
stop_lines(struct proxy *proxy)
{
	for (unsigned i = 0; i < proxy->config->lines_count; i++) {
		if (proxy->asks[i].devices_count > 0)
			ask_stop(&proxy->asks[i]);
		else if (proxy->answers[i].meters_count > 0)
			answer_stop(&proxy->answers[i]);
	}
}

static void
start_tcp(struct proxy *proxy)
{
	const struct relay_parts parts = {
		.asks = proxy->asks,
		.shown = proxy->shown,
		.records = &proxy->records,
	};

	if (proxy->config->modbus_tcp == NULL)
		return;
	relay_init(&proxy->relay, proxy->config, &parts, clock_now());
	if (!tcp_server_start(&proxy->tcp, proxy->loop,
		proxy->config->modbus_tcp, &proxy->relay, &proxy->records))
		log_fatal(EX_OSERR, "modbus_tcp: out of memory");
}

static void
stop_tcp(struct proxy *proxy)
{
	if (proxy->config->modbus_tcp != NULL)
		tcp_server_stop(&proxy->tcp);
}

static void
start_watchers(struct proxy *proxy)
{
	ev_io_init(&proxy->parent, on_parent, proxy->start->parent_fd, EV_READ);
	ev_io_init(&proxy->web, on_web, proxy->start->web_fd, EV_READ);
	ev_timer_init(&proxy->tick, on_tick, TICK_S, TICK_S);
	ev_timer_init(&proxy->flush, on_flush, 0.0, 0.0);
	ev_prepare_init(&proxy->prepare, on_prepare);
	proxy->parent.data = proxy->web.data = proxy;
	proxy->tick.data = proxy->flush.data = proxy->prepare.data = proxy;
	ev_io_start(proxy->loop, &proxy->parent);
	ev_io_start(proxy->loop, &proxy->web);
	ev_timer_start(proxy->loop, &proxy->tick);
	ev_prepare_start(proxy->loop, &proxy->prepare);
	hotplug_start(
	    &proxy->hotplug, proxy->loop, proxy->config, on_plugged, proxy);
}

static void
stop_watchers(struct proxy *proxy)
{
	hotplug_stop(&proxy->hotplug, proxy->loop);
	ev_prepare_stop(proxy->loop, &proxy->prepare);
	ev_timer_stop(proxy->loop, &proxy->flush);
	ev_timer_stop(proxy->loop, &proxy->tick);
	ev_io_stop(proxy->loop, &proxy->web);
	ev_io_stop(proxy->loop, &proxy->parent);
}

/* The last records go out before we do; storage is still there. */
static void
drain(struct proxy *proxy)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	struct mono until = mono_add_ms(clock_now(), STOP_FLUSH_MS);

	while (
	    !outbox_flush(&proxy->records) && !mono_reached(clock_now(), until))
		nanosleep(&pause, NULL);
}

/* Pages that were swapped out would have to be waited for. ONFAULT: only what
 * is really used is held. */
static void
lock_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
		log_info("memory is not locked; a swapping machine may "
			 "delay answers");
}

int
proxy_main(const struct proxy_start *start)
{
	struct proxy *proxy = &the_proxy;

	child_init("proxy", start->parent_fd);
	proxy->start = start;
	proxy->config = start->setup->config;
	proxy->loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (proxy->loop == NULL ||
	    !outbox_init(&proxy->records, start->storage_fd, RECORDS, true) ||
	    !outbox_init(&proxy->updates, start->web_fd, UPDATES, false))
		log_fatal(EX_OSERR, "out of memory");
	lock_memory();
	room_make(proxy->loop);
	build_devices(proxy);
	build_shown(proxy);
	watch_lines(proxy);
	start_lines(proxy);
	start_tcp(proxy);
	start_watchers(proxy);
	child_alive();

	ev_run(proxy->loop, 0);

	stop_watchers(proxy);
	stop_tcp(proxy);
	stop_lines(proxy);
	drain(proxy);
	outbox_free(&proxy->updates);
	outbox_free(&proxy->records);
	ev_loop_destroy(proxy->loop);
	return EX_OK;
}
