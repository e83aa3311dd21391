/* SPDX-License-Identifier: MIT */
/*
 * Brings samples to a shown meter: from its source, or from the fallback while
 * the source is silent. Its energy counters always are the source's: another
 * meter has counted something else.
 */
#ifndef PROXY_FEED_H
#define PROXY_FEED_H

#include <stdbool.h>

#include "gateway/outbox.h"
#include "proxy/device.h"
#include "proxy/shown.h"

struct feed {
	struct shown *shown; /* borrowed, as are all of these */
	struct device *source;
	struct device *fallback; /* NULL: none */
	struct outbox *records;
	struct device *used; /* whose sample is shown */
	struct mono good_at; /* the source's last trusted sample, or start */
};

void feed_init(struct feed *feed, struct shown *shown, struct device *source,
    struct device *fallback, struct outbox *records, struct mono now);

/* A device, this one's or not, has a new complete sample. */
void feed_sample(struct feed *feed, struct device *device, struct mono now);

/* A poll of it failed. One is noise; from the second in a row on the offset
 * may only shrink. */
void feed_missed(struct feed *feed, struct device *device, struct mono now);

/* To be called often: changes over to the fallback, or to silence. */
void feed_check(struct feed *feed, struct mono now);

#endif
