/* SPDX-License-Identifier: MIT */
#include "policy/reason.h"

static const struct {
	const char *name;
	const char *text;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = { "none", "nothing to say" },
	[REASON_TRANSPARENT] = { "transparent",
	    "no offset is set: true values are shown" },
	[REASON_MANUAL] = { "manual", "an offset set by hand is in force" },
	[REASON_RAMP] = { "ramp", "the offset is on its way to its value" },
	[REASON_CLAMPED] = { "clamped", "the limit holds the offset" },
	[REASON_EXPIRED] = { "expired",
	    "the offset has ended and ramps to zero" },
	[REASON_MISSED] = { "missed",
	    "a sample was missed: the offset may only shrink" },
	[REASON_NO_SAMPLE] = { "no_sample",
	    "the real meter has given no complete sample yet" },
	[REASON_STALE] = { "stale",
	    "the last good sample is too old to be shown" },
	[REASON_OUT_OF_RANGE] = { "out_of_range",
	    "the meter gives a value that no meter here can have" },
	[REASON_NOT_FINITE] = { "not_finite", "the offset is no number" },
	[REASON_BEYOND_LIMIT] = { "beyond_limit",
	    "the offset is beyond limit_w" },
	[REASON_BAD_EXPIRY] = { "bad_expiry",
	    "an offset needs an end, between 1 s and 24 h away" },
	[REASON_BAD_RAMP] = { "bad_ramp",
	    "the ramp must be zero or a positive number of W/s" },
	[REASON_NO_SUCH_METER] = { "no_such_meter",
	    "there is no such shown meter" },
};

const char *
reason_name(enum reason reason)
{
	return reason < REASON_COUNT ? reasons[reason].name : "?";
}

const char *
reason_text(enum reason reason)
{
	return reason < REASON_COUNT ? reasons[reason].text : "?";
}
