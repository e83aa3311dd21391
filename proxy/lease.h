/* SPDX-License-Identifier: MIT */
/* Leases between the page, the policy and the parent that keeps them for a
 * restart. */
#ifndef PROXY_LEASE_H
#define PROXY_LEASE_H

#include "gateway/message.h"
#include "gateway/outbox.h"
#include "proxy/shown.h"

/* Sets or ends a lease as asked. Everything is checked here again, whoever
 * sent it. The result goes to `updates`, the lease to the parent, and a
 * setting row to `records`. */
void lease_request(struct shown *shown, unsigned shown_count,
    const struct message_offset *offset, struct outbox *records,
    struct outbox *updates, int parent_fd);

/* Takes up a lease from before a restart, if it still runs. */
void lease_resume(struct shown *shown, const struct message_lease *lease);

/* The lease in force, as a message; expiry 0 when there is none. */
void lease_describe(const struct shown *shown, struct message_lease *lease);

#endif
