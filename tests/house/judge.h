/* SPDX-License-Identifier: MIT */
/* What a device makes of a request: an answer, an exception, or silence. */
#ifndef HOUSE_JUDGE_H
#define HOUSE_JUDGE_H

#include <stdint.h>

#include "tests/house/device.h"

enum { JUDGE_ANSWER = 0, JUDGE_SILENT = -1 };

/*
 * Of a whole frame, CRC checked, whose first byte came at now_ns: JUDGE_ANSWER,
 * an exception, or JUDGE_SILENT. After JUDGE_ANSWER the caller lets libmodbus
 * reply from the store, which also does the write, and calls judge_done.
 */
int judge_request(struct device *device, const uint8_t *adu, int64_t now_ns);
void judge_done(struct device *device, const uint8_t *adu, int64_t now_ns);

/* The answer, if there was any, was through at that time. */
void judge_rest(struct device *device, int64_t at_ns);

#endif
