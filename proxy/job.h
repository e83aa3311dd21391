/* SPDX-License-Identifier: MIT */
/*
 * One job with a device, by the names of its map: to read some points, or to
 * write one. Pure: says what to ask, and takes what the device said; the
 * direct tools carry it over a line of their own, the proxy as errands.
 *
 * Reading: the chain of models if need be, then the requests of reading.h. What
 * is not answered is asked JOB_TRIES times.
 *
 * Writing: on change only, so what the device holds is read first. Stored
 * memory is counted before the write goes out. A write is asked once, answered
 * or not; what the device then holds decides, and is read back until it is what
 * was wanted, or for about a second and a half.
 */
#ifndef PROXY_JOB_H
#define PROXY_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/ground.h"
#include "proxy/pdu.h"
#include "proxy/reading.h"
#include "proxy/sunspec.h"

enum { JOB_TRIES = 3, JOB_REASON_SIZE = 200 };

enum job_step {
	JOB_ASK, /* carry pdu, then job_take or job_silent */
	JOB_PAUSE, /* nothing before `until` */
	JOB_COUNT, /* count a write of stored memory, then job_counted */
	JOB_DONE,
};

enum job_end {
	JOB_READ, /* reading tells of each point */
	JOB_WRITTEN, /* and read back */
	JOB_UNSEEN, /* written; it cannot be read back */
	JOB_SAME, /* the device held it already: not written */
	JOB_FAILED, /* reason tells */
};

enum job_phase {
	JOB_CHAINING,
	JOB_READING,
	JOB_COUNTING,
	JOB_WRITING,
	JOB_VERIFYING,
	JOB_OVER,
};

struct job {
	struct reading reading; /* its memory is kept from job to job */
	const struct ground *ground; /* borrowed, as is the chain */
	struct sunspec *chain; /* the device's; made on the way */
	enum job_phase phase;
	bool apart; /* each point in a request of its own */
	bool answered; /* by anything at all */
	unsigned read; /* which request of reading */
	unsigned tries; /* of this request */
	unsigned requests; /* sent since the start */
	struct mono pause; /* not before */

	bool writes;
	bool renew; /* written though the device holds it */
	unsigned entry; /* that is written */
	struct value wanted;
	struct span place;
	uint16_t words[MAP_WORDS_MAX]; /* wanted, as registers */
	bool sent; /* the write has gone out */
	char trouble[64]; /* what the device said to it */

	enum job_end end;
	char reason[JOB_REASON_SIZE]; /* FAILED */
};

struct job_order {
	enum job_step step;
	struct mono until; /* PAUSE */
	uint8_t pdu[PDU_MAX]; /* ASK */
	size_t length;
};

/* Makes room for `points` at once; the only allocation. False: no memory. */
bool job_init(struct job *job, unsigned points);
void job_free(struct job *job);

/* Begins anew. chain: of this device, started by sunspec_start once; it stays
 * known from job to job. Then job_want for each point, or one job_write. */
void job_start(
    struct job *job, const struct ground *ground, struct sunspec *chain);
/* False: too many. */
bool job_want(struct job *job, unsigned entry);
/* The value must have passed writing_check. */
void job_write(struct job *job, unsigned entry, const struct value *value);

/* What is to be done now. */
void job_next(struct job *job, struct mono now, struct job_order *order);
/* The answer to what job_next asked, an exception too. */
void job_take(
    struct job *job, const uint8_t *pdu, size_t length, struct mono now);
void job_silent(struct job *job, struct mono now);
/* reason NULL: it is counted, and may go out. Else why not. */
void job_counted(struct job *job, const char *reason);

#endif
