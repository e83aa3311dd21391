/* SPDX-License-Identifier: MIT */
#include "proxy/feed.h"

#include "proxy/journal.h"

void
feed_init(struct feed *feed, struct shown *shown, struct device *source,
    struct device *fallback, struct outbox *records, struct mono now)
{
	*feed = (struct feed){
		.shown = shown,
		.source = source,
		.fallback = fallback,
		.records = records,
		.used = source,
		.good_at = now,
	};
}

static void
log_distrust(struct feed *feed, enum reason before)
{
	const struct shown *shown = feed->shown;

	if (shown->distrust == before)
		return;
	if (shown->distrust == REASON_NONE)
		journal_event(feed->records, LOG_LEVEL_INFO,
		    shown->config->name, "samples can be trusted again");
	else
		journal_event(feed->records, LOG_LEVEL_WARNING,
		    shown->config->name, "sample not used: %s",
		    reason_text(shown->distrust));
}

static void
log_state(struct feed *feed, enum shown_state before)
{
	const struct shown *shown = feed->shown;

	if (shown->state == before)
		return;
	if (shown->state == SHOWN_ACTIVE)
		journal_event(feed->records, LOG_LEVEL_INFO,
		    shown->config->name, "answering: fresh samples from %s",
		    feed->used->config->name);
	else
		journal_event(feed->records, LOG_LEVEL_WARNING,
		    shown->config->name,
		    "no good sample from %s for more than %u ms: %s",
		    feed->used->config->name, shown->config->max_age_ms,
		    shown->config->on_stale == STALE_SILENT ? "silent"
		    : shown->config->on_stale == STALE_EXCEPTION
			? "refusing"
			: "passing everything to the meter");
}

static void
log_used(struct feed *feed, const struct device *before)
{
	if (feed->used == before)
		return;
	journal_event(feed->records,
	    feed->used == feed->source ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	    feed->shown->config->name, "fed from %s now, not from %s",
	    feed->used->config->name, before->config->name);
}

static void
record_shown_reading(struct feed *feed)
{
	uint64_t which = UINT64_C(1) << QUANTITY_ACTIVE_POWER |
	                 UINT64_C(1) << QUANTITY_OFFSET;
	struct quantities values = feed->shown->values;

	quantities_put(&values, QUANTITY_OFFSET, feed->shown->offset_w);
	journal_reading(
	    feed->records, true, feed->shown->index, &values, which);
}

static void
keep_counters(struct quantities *values, const struct quantities *last)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum quantity counter = counter_quantities[i];

		values->known &= ~(UINT64_C(1) << counter);
		if (quantities_has(last, counter))
			quantities_put(values, counter, last->value[counter]);
	}
}

static void
take(struct feed *feed, struct device *device, struct mono now)
{
	struct shown *shown = feed->shown;
	struct device *used = feed->used;
	enum shown_state state = shown->state;
	enum reason distrust = shown->distrust;
	struct quantities values = device->values;

	if (device != feed->source)
		keep_counters(&values, &shown->truth);
	feed->used = device;
	shown->source_phases = complete_map_phases(device->map);
	shown_sample(shown, &values, device->sample_at, now);
	log_distrust(feed, distrust);
	log_used(feed, used);
	log_state(feed, state);
	if (shown->distrust != REASON_NONE)
		return;
	if (device == feed->source)
		feed->good_at = device->sample_at;
	record_shown_reading(feed);
}

static bool
is_recent(const struct feed *feed, struct mono at, struct mono now)
{
	return mono_is_set(at) &&
	       mono_diff_us(now, at) <=
	           (int64_t)feed->shown->config->max_age_ms * 1000;
}

void
feed_sample(struct feed *feed, struct device *device, struct mono now)
{
	if (device == feed->source ||
	    (device == feed->fallback && !is_recent(feed, feed->good_at, now)))
		take(feed, device, now);
}

void
feed_missed(struct feed *feed, struct device *device, struct mono now)
{
	if (device != feed->source && device != feed->fallback)
		return;
	feed->shown->changed = true;
	if (device == feed->used && device->missed >= 2)
		shown_missed(feed->shown, now);
}

void
feed_check(struct feed *feed, struct mono now)
{
	enum shown_state state = feed->shown->state;

	if (feed->fallback != NULL && feed->used == feed->source &&
	    !is_recent(feed, feed->good_at, now) &&
	    is_recent(feed, feed->fallback->sample_at, now))
		take(feed, feed->fallback, now);
	if (shown_check_age(feed->shown, now))
		log_state(feed, state);
}
