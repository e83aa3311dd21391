/* SPDX-License-Identifier: MIT */
#include "proxy/snapshot.h"

#include <string.h>

#include "proxy/lease.h"

void
snapshot_push(struct outbox *updates, struct shown *shown,
    const struct device *source, uint64_t dropped, struct mono now)
{
	struct message_snapshot *snapshot;

	if (!shown->changed)
		return;
	shown->changed = false;
	snapshot = &outbox_push(updates, MESSAGE_SNAPSHOT)->body.snapshot;
	snapshot->mono_us = now.us;
	snapshot->shown = shown->index;
	snapshot->state = (uint32_t)shown->state;
	snapshot->reason = (uint32_t)shown->output.reason;
	if (mono_is_set(shown->sample_at)) {
		snapshot->true_w = shown_true_w(shown);
		snapshot->shown_w = shown->values.value[QUANTITY_ACTIVE_POWER];
		snapshot->offset_w = shown->offset_w;
	}
	snapshot->wanted_w = shown->output.wanted_w;
	snapshot->sample_us = shown->sample_at.us;
	lease_describe(shown, &snapshot->lease);
	snapshot->meter = source->counts;
	snapshot->inverter = shown->counts;
	snapshot->dropped = dropped;
	snapshot->known = shown->truth.known;
	memcpy(snapshot->value, shown->truth.value, sizeof(shown->truth.value));
}
