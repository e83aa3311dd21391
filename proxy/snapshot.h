/* SPDX-License-Identifier: MIT */
/* What is live about a shown meter, for the page. */
#ifndef PROXY_SNAPSHOT_H
#define PROXY_SNAPSHOT_H

#include "gateway/outbox.h"
#include "proxy/device.h"
#include "proxy/shown.h"

/* Pushes a snapshot when something changed since the last one. */
void snapshot_push(struct outbox *updates, struct shown *shown,
    const struct device *source, uint64_t dropped, struct mono now);

#endif
