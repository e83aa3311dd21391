/* SPDX-License-Identifier: MIT */
/*
 * An offset is a lease: a value with an owner and an end. It is never a
 * setting that outlives its author.
 */
#ifndef POLICY_OFFSET_H
#define POLICY_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/reason.h"

enum {
	OFFSET_LEASE_MIN_S = 1,
	OFFSET_LEASE_MAX_S = 24 * 3600,
	OFFSET_OWNER_SIZE = 16,
};

struct offset_lease {
	double value_w;
	double ramp_w_per_s; /* 0: as fast as the limits allow */
	int64_t expiry_us;   /* monotonic; 0: no lease */
	char owner[OFFSET_OWNER_SIZE]; /* who set it: "page", "cli", ... */
};

/* What is asked for now: the lease's value, or 0 with the reason. */
double offset_wanted_w(const struct offset_lease *lease, int64_t now_us,
    enum reason *reason);

/* REASON_NONE when the lease may be taken, else why not. */
enum reason offset_check(const struct offset_lease *lease, double limit_w,
    int64_t now_us);

#endif
