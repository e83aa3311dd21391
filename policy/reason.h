/* SPDX-License-Identifier: MIT */
/* Why an output is what it is; kept in the record, the API and the page. */
#ifndef POLICY_REASON_H
#define POLICY_REASON_H

enum reason {
	REASON_NONE,
	REASON_TRANSPARENT, /* no lease: true values, nothing added */
	REASON_MANUAL, /* a lease, reached */
	REASON_RAMP, /* on the way to the wanted value */
	REASON_CLAMPED, /* held by limit_w */
	REASON_EXPIRED, /* the lease ran out, ramping to zero */
	REASON_MISSED, /* a sample was missed: shrinking only */
	REASON_NO_SAMPLE, /* nothing known yet */
	REASON_STALE, /* older than the age limit */
	REASON_OUT_OF_RANGE, /* a value no meter here can give */
	REASON_NOT_FINITE, /* refused: not a number */
	REASON_BEYOND_LIMIT, /* refused: outside +-limit_w */
	REASON_BAD_EXPIRY, /* refused: no end, or too far away */
	REASON_BAD_RAMP, /* refused: negative or not a number */
	REASON_NO_SUCH_METER, /* refused: no shown meter of that number */
	REASON_COUNT
};

/* "manual", "out_of_range": for records and the API; "?" outside the list. */
const char *reason_name(enum reason reason);
/* One sentence for people, without a full stop. */
const char *reason_text(enum reason reason);

#endif
