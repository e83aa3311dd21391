/* SPDX-License-Identifier: MIT */
#include "proxy/lease.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "proxy/journal.h"

static_assert((int)OFFSET_OWNER_SIZE == (int)MESSAGE_OWNER_SIZE,
    "an owner's name fits the message");

void
lease_describe(const struct shown *shown, struct message_lease *lease)
{
	const struct offset_lease *held = &shown->policy.lease;

	memset(lease, 0, sizeof(*lease));
	lease->shown = shown->index;
	lease->value_w = held->value_w;
	lease->ramp_w_per_s = held->ramp_w_per_s;
	lease->expiry_us = held->expiry_us;
	memcpy(lease->owner, held->owner, sizeof(lease->owner));
}

static enum reason
take(struct shown *shown, const struct message_offset *offset)
{
	struct mono now = clock_now();
	struct offset_lease lease = {
		.value_w = offset->value_w,
		.ramp_w_per_s = offset->ramp_w_per_s,
		.expiry_us = now.us + (int64_t)offset->duration_s * 1000000,
	};

	if (offset->duration_s == 0) {
		policy_clear_lease(&shown->policy);
		return REASON_NONE;
	}
	memcpy(lease.owner, offset->owner, sizeof(lease.owner));
	lease.owner[sizeof(lease.owner) - 1] = '\0';
	return policy_set_lease(&shown->policy, &lease, now.us);
}

static void
record_change(struct outbox *records, const struct shown *shown,
    const struct message_offset *offset)
{
	const char *name = shown->config->name;

	if (offset->duration_s == 0)
		journal_setting(
		    records, name, "offset", offset->owner, "ended");
	else
		journal_setting(records, name, "offset", offset->owner,
		    "%+.0f W for %u s", offset->value_w, offset->duration_s);
}

static void
tell_parent(const struct shown *shown, int parent_fd)
{
	struct message message;

	message_init(&message, MESSAGE_LEASE);
	lease_describe(shown, &message.body.lease);
	message_send(parent_fd, &message);
}

void
lease_request(struct shown *shown, unsigned shown_count,
    const struct message_offset *offset, struct outbox *records,
    struct outbox *updates, int parent_fd)
{
	enum reason reason = REASON_NO_SUCH_METER;
	struct message_result *result;
	struct shown *target = NULL;

	if (offset->shown < shown_count) {
		target = &shown[offset->shown];
		reason = take(target, offset);
	}
	result = &outbox_push(updates, MESSAGE_RESULT)->body.result;
	result->request = offset->request;
	result->reason = (uint32_t)reason;
	if (target == NULL)
		return;
	lease_describe(target, &result->lease);
	target->changed = true;
	if (reason != REASON_NONE)
		return;
	record_change(records, target, offset);
	tell_parent(target, parent_fd);
}

void
lease_resume(struct shown *shown, const struct message_lease *lease)
{
	struct offset_lease resumed = {
		.value_w = lease->value_w,
		.ramp_w_per_s = lease->ramp_w_per_s,
		.expiry_us = lease->expiry_us,
	};

	if (lease->expiry_us == 0)
		return;
	memcpy(resumed.owner, lease->owner, sizeof(resumed.owner));
	resumed.owner[sizeof(resumed.owner) - 1] = '\0';
	policy_set_lease(&shown->policy, &resumed, clock_now().us);
}
