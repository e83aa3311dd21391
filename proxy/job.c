/* SPDX-License-Identifier: MIT */
#include "proxy/job.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "proxy/writing.h"

/* Devices take a while to take a value over. */
static const unsigned settle_ms[] = { 0, 300, 1200 };

enum { SETTLES = sizeof(settle_ms) / sizeof(settle_ms[0]) };

static const struct map_entry *
written(const struct job *job)
{
	return &job->ground->map->entries[job->entry];
}

static void
finish(struct job *job, enum job_end end)
{
	job->phase = JOB_OVER;
	job->end = end;
}

#define FAIL(job, ...)                                                         \
	do {                                                                   \
		snprintf((job)->reason, JOB_REASON_SIZE, __VA_ARGS__);         \
		finish(job, JOB_FAILED);                                       \
	} while (0)

/* --- start ---------------------------------------------------------------- */

bool
job_init(struct job *job, unsigned points)
{
	memset(job, 0, sizeof(*job));
	return reading_init(&job->reading, points);
}

void
job_free(struct job *job)
{
	reading_free(&job->reading);
}

void
job_start(struct job *job, const struct ground *ground, struct sunspec *chain)
{
	struct reading kept = job->reading;

	*job = (struct job){ .ground = ground, .chain = chain };
	job->reading = kept;
	reading_start(&job->reading, ground);
}

bool
job_want(struct job *job, unsigned entry)
{
	return reading_want(&job->reading, entry);
}

/* What cannot be read itself may still have a power of ten that can. */
void
job_write(struct job *job, unsigned entry, const struct value *value)
{
	const struct map_entry *wanted = &job->ground->map->entries[entry];
	bool room = true;

	job->writes = true;
	job->entry = entry;
	job->wanted = *value;
	if (wanted->readable)
		room = job_want(job, entry);
	else if (wanted->scale_entry >= 0)
		room = job_want(job, (unsigned)wanted->scale_entry);
	assert(room);
}

/* --- from what was read to what is written --------------------------------
 */

static bool
same_words(const struct job *job, const uint16_t *words)
{
	return words != NULL && memcmp(words, job->words,
				    written(job)->words * sizeof(*words)) == 0;
}

/* A device may hold a float a little off. */
static bool
same_value(const struct job *job, const uint16_t *words)
{
	const struct map_entry *entry = written(job);
	struct value held, wanted;
	int scale10;

	if (words == NULL || same_words(job, words))
		return words != NULL;
	if (entry->type != MAP_F32 && entry->type != MAP_F64)
		return false;
	if (!reading_scale10(&job->reading, job->entry, &scale10))
		return false;
	value_get(entry, words, scale10, &held);
	value_get(entry, job->words, scale10, &wanted);
	return held.kind == VALUE_NUMBER && wanted.kind == VALUE_NUMBER &&
	       fabs(held.number - wanted.number) <= 1e-6 * fabs(wanted.number);
}

/* The nearest step may lie beyond the range. */
static bool
put_value(struct job *job, int scale10, char *why, unsigned size)
{
	const struct map_entry *entry = written(job);
	struct value rounded;

	if (!value_put(entry, &job->wanted, scale10, job->words, why, size))
		return false;
	value_get(entry, job->words, scale10, &rounded);
	return writing_check(entry, &rounded, true, why, size);
}

/* False: it ended with this. */
static bool
make_words(struct job *job)
{
	const struct map_entry *entry = written(job);
	const struct map *map = job->ground->map;
	char why[JOB_REASON_SIZE - 64];
	int scale10;

	if (!ground_place(map, job->chain, job->entry, &job->place))
		FAIL(job, "%s: this device does not have its model",
		    entry->name);
	else if (ground_in_hole(map, &job->place))
		FAIL(job, "%s lies in a hole", entry->name);
	else if (!reading_scale10(&job->reading, job->entry, &scale10))
		FAIL(job, "%s: the power of ten that scales it is not known",
		    entry->name);
	else if (!put_value(job, scale10, why, sizeof(why)))
		FAIL(job, "%s: %s", entry->name, why);
	return job->phase != JOB_OVER;
}

static void
read_is_done(struct job *job)
{
	const struct map_entry *entry = written(job);
	char why[64];

	if (!job->writes) {
		finish(job, JOB_READ);
		return;
	}
	if (entry->readable &&
	    reading_words(&job->reading, job->entry) == NULL) {
		reading_why(&job->reading, job->entry, why, sizeof(why));
		FAIL(job, "%s: %s", entry->name, why);
		return;
	}
	if (!make_words(job))
		return;
	if (entry->readable && !job->renew &&
	    same_words(job, reading_words(&job->reading, job->entry)))
		finish(job, JOB_SAME);
	else
		job->phase = entry->stored ? JOB_COUNTING : JOB_WRITING;
}

/* --- what to ask ---------------------------------------------------------- */

/* False: nothing is left to be read in this phase. */
static bool
find_read(struct job *job, struct span *span)
{
	if (job->phase == JOB_CHAINING)
		return sunspec_next(job->chain, span);
	if (job->read == job->reading.reads_count)
		return false;
	*span = job->reading.reads[job->read];
	return true;
}

static void
begin(struct job *job)
{
	struct span span;

	job->phase = JOB_CHAINING;
	if (!reading_needs_chain(&job->reading) &&
	    (!job->writes || written(job)->model == 0))
		job->phase = JOB_READING;
	else if (sunspec_next(job->chain, &span))
		return;
	job->phase = JOB_READING;
	reading_plan(&job->reading, job->chain, job->apart);
}

/* On to the phase in which there is something to do. */
static void
advance(struct job *job, struct span *span)
{
	if (job->reading.chain == NULL && job->phase == JOB_CHAINING)
		begin(job);
	while ((job->phase == JOB_CHAINING || job->phase == JOB_READING) &&
	       !find_read(job, span)) {
		if (job->phase == JOB_READING) {
			read_is_done(job);
		} else {
			job->phase = JOB_READING;
			reading_plan(&job->reading, job->chain, job->apart);
		}
	}
}

void
job_next(struct job *job, struct mono now, struct job_order *order)
{
	struct span span = { 0 };

	*order = (struct job_order){ .step = JOB_DONE };
	if (!mono_reached(now, job->pause)) {
		order->step = JOB_PAUSE;
		order->until = job->pause;
		return;
	}
	advance(job, &span);
	if (job->phase == JOB_OVER)
		return;
	order->step = job->phase == JOB_COUNTING ? JOB_COUNT : JOB_ASK;
	if (order->step == JOB_COUNT)
		return;
	if (job->phase == JOB_VERIFYING)
		span = job->place;
	order->length =
	    job->phase == JOB_WRITING
		? writing_request(
		      order->pdu, written(job), &job->place, job->words)
		: pdu_read_request(order->pdu, span.function,
		      (uint16_t)span.begin, (uint16_t)span_length(&span));
	job->requests++;
}

/* --- what the device said ------------------------------------------------- */

/* The registers of an answer; false when it does not hold just these. */
static bool
parse_read(const struct span *span, const uint8_t *pdu, size_t length,
    uint16_t words[static MAP_WORDS_MAX])
{
	unsigned count = span_length(span);
	bool bits = span->function < PDU_READ_HOLDING;
	size_t bytes = bits ? (count + 7) / 8 : 2 * (size_t)count;

	if (length != 2 + bytes || pdu[0] != span->function || pdu[1] != bytes)
		return false;
	for (unsigned i = 0; i < count; i++)
		words[i] =
		    (uint16_t)(bits ? pdu[2 + i / 8] >> i % 8 & 1
				    : pdu_get_u16(pdu + 2 + 2 * (size_t)i));
	return true;
}

static void
take_words(struct job *job, const uint16_t *words)
{
	if (job->phase == JOB_CHAINING)
		sunspec_take(job->chain, words);
	else
		reading_take(&job->reading, job->read++, words);
}

static void
take_refusal(struct job *job, uint8_t exception)
{
	if (job->phase == JOB_CHAINING)
		sunspec_refuse(job->chain);
	else
		reading_refuse(&job->reading, job->read++, exception);
}

/* The end of a write: what was read back, or that it cannot be. */
static void
judge(struct job *job, const uint16_t *words, struct mono now)
{
	const struct map_entry *entry = written(job);
	char held[64] = "something else";
	struct value value;
	int scale10;

	if (same_value(job, words)) {
		finish(job, JOB_WRITTEN);
		return;
	}
	if (++job->tries < SETTLES) {
		job->pause = mono_add_ms(now, settle_ms[job->tries]);
		return;
	}
	if (words == NULL) {
		FAIL(job, "%s: %s", entry->name,
		    job->trouble[0] != '\0' ? job->trouble : "not read back");
		return;
	}
	if (reading_scale10(&job->reading, job->entry, &scale10)) {
		value_get(entry, words, scale10, &value);
		value_print(entry, &value, held, sizeof(held));
	}
	FAIL(job, "%s: the device holds %s%s%s", entry->name, held,
	    job->trouble[0] != '\0' ? "; " : "", job->trouble);
}

static void
write_is_done(struct job *job, const char *trouble, bool silent)
{
	/* After a refusal there is nothing to wait for. */
	job->tries = trouble[0] != '\0' && !silent ? SETTLES - 1 : 0;
	job->sent = true;
	snprintf(job->trouble, sizeof(job->trouble), "%s", trouble);
	if (written(job)->readable)
		job->phase = JOB_VERIFYING;
	else if (trouble[0] == '\0')
		finish(job, JOB_UNSEEN);
	else
		FAIL(job, "%s: %s", written(job)->name, trouble);
}

static void
take_write(struct job *job, const uint8_t *pdu, size_t length)
{
	char trouble[64] = "";

	if (pdu[0] == (written(job)->write_function | PDU_EXCEPTION_BIT))
		snprintf(trouble, sizeof(trouble), "refused with exception %u",
		    length > 1 ? pdu[1] : 0);
	else if (pdu[0] != written(job)->write_function)
		snprintf(trouble, sizeof(trouble), "a strange answer");
	write_is_done(job, trouble, false);
}

void
job_take(struct job *job, const uint8_t *pdu, size_t length, struct mono now)
{
	uint16_t words[MAP_WORDS_MAX];
	struct span span = job->place;

	if (length == 0) {
		job_silent(job, now);
		return;
	}
	job->answered = true;
	if (job->phase == JOB_WRITING) {
		take_write(job, pdu, length);
		return;
	}
	if (job->phase != JOB_VERIFYING && !find_read(job, &span))
		return;
	if (length == 2 && pdu[0] == (span.function | PDU_EXCEPTION_BIT)) {
		if (job->phase == JOB_VERIFYING)
			judge(job, NULL, now);
		else
			take_refusal(job, pdu[1]);
	} else if (!parse_read(&span, pdu, length, words)) {
		job_silent(job, now);
		return;
	} else if (job->phase == JOB_VERIFYING) {
		judge(job, words, now);
	} else {
		take_words(job, words);
	}
	if (job->phase != JOB_VERIFYING)
		job->tries = 0;
}

/* Nothing at all has answered, so the rest is not asked for. */
static void
give_up(struct job *job)
{
	if (!reading_needs_chain(&job->reading) || job->phase == JOB_READING) {
		while (job->read < job->reading.reads_count)
			reading_fail(&job->reading, job->read++);
		return;
	}
	FAIL(job, "no answer");
}

void
job_silent(struct job *job, struct mono now)
{
	if (job->phase == JOB_WRITING) {
		write_is_done(job, "no answer to the write", true);
		return;
	}
	if (job->phase == JOB_VERIFYING) {
		judge(job, NULL, now);
		return;
	}
	if (++job->tries < JOB_TRIES)
		return;
	job->tries = 0;
	if (!job->answered)
		give_up(job);
	else if (job->phase == JOB_CHAINING)
		sunspec_refuse(job->chain);
	else
		reading_fail(&job->reading, job->read++);
}

void
job_counted(struct job *job, const char *reason)
{
	assert(job->phase == JOB_COUNTING);
	if (reason == NULL)
		job->phase = JOB_WRITING;
	else
		FAIL(job, "%s", reason);
}
