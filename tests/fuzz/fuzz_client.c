/* SPDX-License-Identifier: MIT */
/*
 * The asking side in virtual time, against devices that answer as the input
 * says: late, twice, not at all, with an exception, or somebody else's frame,
 * while errands come and go and the line is lost and found.
 *
 * Every answer carries the number of its request in all its registers. Held
 * to: an answer is taken for its own request alone (DESIGN, "what always
 * holds", 3); one request at a time, never within t3.5 of a frame; each errand
 * ends once; something is asked again after a bounded time, and nobody spins;
 * failures make nothing younger.
 *
 * Nothing in a frame tells the answers to two equal requests apart, so three
 * kinds of wrong answer are let pass: one that comes twice, one later than
 * twice its device's timeout after it was given up, and the right one to a
 * request that was ended by one of these.
 */
#include "tests/fuzz/client_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- the shell: what ask.c does with the client ----------------------------
 */

static void
end_errand(struct errand *errand)
{
	struct held *held = (struct held *)(void *)errand;

	if (errand == NULL)
		return;
	must(held->held && errand->next == NULL);
	held->held = false;
}

static int64_t
late_us(uint8_t unit)
{
	const struct device *device = client_device(&run.client, unit);

	return device == NULL ? UNKNOWN_LATE_US
	                      : 2000 * (int64_t)device->config->timeout_ms;
}

static void
note_sent(const struct client_step *step)
{
	struct sent *sent;

	must(!run.under_way && run.up);
	must(step->length >= 1 && step->length <= PDU_MAX);
	must(!mono_is_set(run.frame_at) ||
	     mono_diff_us(run.now, run.frame_at) >=
		 exchange_t35_us(&run.client.exchange.wire));
	run.number++;
	sent = sent_before(0);
	*sent = (struct sent){
		.unit = step->unit, .length = step->length, .number = run.number
	};
	memcpy(sent->pdu, step->pdu, step->length);
	run.under_way = step->unit != 0;
	run.sent_at = run.now;
}

static void
go_on(void)
{
	struct client_step step;
	struct errand *errand;
	enum errand_end end;

	if (!run.up)
		return;
	while ((errand = client_overdue(&run.client, run.now, &end)) != NULL) {
		must(end == ERRAND_EXPIRED || end == ERRAND_TIMEOUT);
		end_errand(errand);
	}
	step = client_next(&run.client, run.now);
	if (step.send) {
		note_sent(&step);
		errand = client_sent(&run.client, &step, run.now);
		must(errand == NULL || step.unit == 0);
		end_errand(errand);
		step = client_next(&run.client, run.now);
		must(!step.send);
	}
	run.wake = step.wake;
	/* A quarantine of no length ends with the next alarm; but no alarm may
	 * ring over and over. */
	if (mono_is_set(run.wake) && mono_reached(run.now, run.wake))
		must(++run.spins < SPINS_MAX);
	else
		run.spins = 0;
}

static void
give_up(const struct client_result *result)
{
	struct sent *sent = sent_before(0);

	must(run.under_way);
	run.under_way = false;
	sent->late_until = mono_add_us(run.now, late_us(sent->unit));
	end_errand(result->errand);
}

struct ages {
	struct mono sample_at[DEVICES];
	struct mono taken[DEVICES][QUANTITY_COUNT];
};

static void
note_ages(struct ages *ages)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		ages->sample_at[i] = run.devices[i].sample_at;
		memcpy(ages->taken[i], run.devices[i].taken,
		    sizeof(ages->taken[i]));
	}
}

static void
must_be_as_old(const struct ages *ages)
{
	struct ages after;

	note_ages(&after);
	must(memcmp(ages, &after, sizeof(after)) == 0);
}

static void
on_timer(void)
{
	struct ages ages;
	struct client_result result;

	note_ages(&ages);
	result = client_expire(&run.client, run.now);
	must(result.verdict == CLIENT_FAILED ||
	     result.verdict == CLIENT_NOTHING);
	if (result.verdict == CLIENT_FAILED)
		give_up(&result);
	must_be_as_old(&ages);
	go_on();
}

/* --- oracle ----------------------------------------------------------------
 */

static bool
is_excused(const struct sent *sent, bool again)
{
	return again || sent->usurped ||
	       (mono_is_set(sent->late_until) &&
		   mono_reached(run.now, sent->late_until));
}

/* What is in the device's image now, is what this answer brought. */
static void
check_taken(const struct client_result *result, uint16_t number)
{
	const struct pdu_request *request = &result->request;
	const struct device *device = result->device;
	const uint16_t *registers =
	    image_read(&device->image, request->address, request->count);

	must(registers != NULL);
	for (unsigned i = 0; i < request->count; i++)
		must(registers[i] == number);
	for (unsigned i = 0; i < device->map->points_count; i++) {
		const struct map_point *point = &device->map->points[i];

		must(!result->sample || !point->fast ||
		     mono_diff_us(device->taken[point->quantity],
			 device->sample_at) >= 0);
	}
}

/* A frame was given to the client. of: whose answer it is; NULL: nobody's. */
static void
check(
    const struct client_result *result, struct sent *of, bool again, bool data)
{
	struct sent *asked = sent_before(0);

	if (result->verdict == CLIENT_FOREIGN) {
		must(result->errand == NULL);
		/* It may have passed for the late one that ends a quarantine.
		 */
		if (of != NULL && of != asked && is_excused(of, again))
			asked->usurped = true;
		return;
	}
	must(result->verdict == CLIENT_ANSWERED ||
	     result->verdict == CLIENT_REFUSED);
	must((result->verdict == CLIENT_ANSWERED) == data);
	must(run.under_way && of != NULL);
	run.under_way = false;
	if (of != asked) {
		must(is_excused(of, again));
		must(of->unit == asked->unit && of->pdu[0] == asked->pdu[0]);
		asked->usurped = true;
	}
	if (data && result->device != NULL && run.client.block != NULL)
		check_taken(result, of->number);
	end_errand(result->errand);
}

static void
deliver(const uint8_t *adu, size_t length, struct sent *of, bool data)
{
	struct ages ages;
	struct client_result result;
	bool again = of != NULL && of->answered;

	note_ages(&ages);
	if (of != NULL)
		of->answered = true;
	result = client_frame(&run.client, adu, length, run.now);
	run.frame_at = run.now;
	check(&result, of, again, data);
	if (result.verdict != CLIENT_ANSWERED)
		must_be_as_old(&ages);
	client_heard(&run.client);
	go_on();
}

/* --- frames ----------------------------------------------------------------
 */

/* Answers one of the last requests, well or with an exception. */
static void
answer(struct tape *tape)
{
	uint8_t how = take(tape);
	struct sent *sent = sent_before(how % SENT);
	uint8_t adu[RTU_ADU_MAX];
	bool refuse = (how & 0x40) != 0;
	size_t length;

	if (!run.up || sent->number == 0 || sent->unit == 0)
		return;
	/* A numbered frame that nobody waits for is not even given out. */
	if (run.client.exchange.wire.baud == 0 &&
	    (how % SENT != 0 || !run.under_way))
		return;
	adu[0] = sent->unit;
	length = refuse ? pdu_write_exception(adu + 1, sent->pdu[0],
			      (enum pdu_exception)(1 + (how >> 3) % 6))
	                : put_answer(sent, adu + 1);
	if (length > 0)
		deliver(adu, length + 3, sent, !refuse);
}

/* A frame that answers nothing: of another length, function or unit. */
static void
babble(struct tape *tape)
{
	uint8_t how = take(tape);
	const struct sent *sent = sent_before(0);
	uint8_t adu[RTU_ADU_MAX];
	size_t length;

	if (!run.up || sent->number == 0 || sent->pdu[0] > PDU_READ_INPUT)
		return;
	length = put_registers(sent, adu + 1, how % 3 == 0 ? how % 7 - 3 : 0);
	adu[0] = sent->unit;
	if (how % 3 == 1)
		adu[1] ^= 7;
	if (how % 3 == 2)
		adu[0] ^= 4;
	if (length > 0 && (how % 3 != 0 || how % 7 != 3))
		deliver(adu, length + 3, NULL, true);
}

/* --- errands, time, the line -----------------------------------------------
 */

static void
carry(struct tape *tape)
{
	static const uint8_t units[] = { 1, 2, 3, 0, 1, 2, 1, UNKNOWN_UNIT };
	uint8_t how = take(tape);
	struct held *held = &run.errands[how % ERRANDS];
	struct errand *errand = &held->errand;

	if (held->held) {
		client_forget(&run.client, errand);
		held->held = false;
	}
	if (!run.up)
		return;
	memset(errand, 0, sizeof(*errand));
	errand->rank = how & 0x80 ? ERRAND_CLIENT : ERRAND_INVERTER;
	errand->unit = units[how >> 3 & 7];
	errand->length = put_request(tape, errand->pdu);
	errand->asked = run.now;
	errand->deadline = mono_add_ms(run.now, 4 * (int64_t)take(tape));
	held->held = client_carry(&run.client, errand);
	held->since = run.now;
	must(held->held);
	run.wake = run.now;
}

static void
forget(struct tape *tape)
{
	struct held *held = &run.errands[take(tape) % ERRANDS];

	if (held->held)
		client_forget(&run.client, &held->errand);
	held->held = false;
}

static bool
is_polled(void)
{
	for (unsigned i = 0; i < run.client.devices_count; i++) {
		if (run.devices[i].config->poll_ms > 0)
			return true;
	}
	return false;
}

static void
check_progress(void)
{
	must(!run.up || !is_polled() ||
	     mono_diff_us(run.now, run.sent_at) < BOUND_US);
	for (unsigned i = 0; i < ERRANDS; i++)
		must(!run.errands[i].held ||
		     mono_diff_us(run.now, run.errands[i].since) < BOUND_US);
}

/* The alarm may ring late, never early. */
static void
pass_time(int64_t us, int64_t late)
{
	struct mono until = mono_add_us(run.now, us);

	while (run.up && mono_is_set(run.wake) &&
	       mono_reached(until, mono_add_us(run.wake, late))) {
		if (mono_diff_us(run.wake, run.now) > -late)
			run.now = mono_add_us(run.wake, late);
		on_timer();
		check_progress();
	}
	if (mono_diff_us(until, run.now) > 0)
		run.now = until;
}

static void
lose_line(void)
{
	struct client_result result = client_abort(&run.client, run.now);
	struct errand *errand;

	must((result.verdict == CLIENT_FAILED) == run.under_way);
	if (run.under_way)
		give_up(&result);
	while ((errand = client_drop(&run.client)) != NULL)
		end_errand(errand);
	for (unsigned i = 0; i < ERRANDS; i++)
		must(!run.errands[i].held);
	run.up = false;
}

static void
find_line(void)
{
	run.now = mono_add_us(run.now, REOPEN_US);
	run.up = true;
	run.sent_at = run.now;
	go_on();
}

/* --- input -----------------------------------------------------------------
 */

static void
begin(struct tape *tape)
{
	static const uint32_t bauds[] = { 9600, 38400, 115200, 0 };
	static const uint32_t polls[] = { 200, 100, 1000, 0 };
	static const uint32_t timeouts[] = { 200, 100, 500, 1000 };
	uint8_t how = take(tape);
	struct exchange_wire wire = { .baud = bauds[how & 3],
		.character_bits = 10 };
	unsigned count = 1 + (how >> 2) % DEVICES;

	memset(&run, 0, sizeof(run));
	run.now.us = SECOND_US;
	for (unsigned i = 0; i < DEVICES; i++) {
		uint8_t device = take(tape);

		run.configs[i] = (struct config_device){
			.role = device & 1 ? ROLE_METER : ROLE_GRID_METER,
			.unit = 1 + i,
			.poll_ms = polls[device >> 1 & 3],
			.timeout_ms = timeouts[device >> 3 & 3],
		};
		must(device_init(&run.devices[i], &run.configs[i], i,
		    &maps[(i + (device >> 5)) % DEVICES]));
		if (device & 0x80)
			run.devices[i].beat = &run.beat;
	}
	client_init(&run.client, wire, run.devices, count);
	find_line();
}

static void
act(struct tape *tape, uint8_t command)
{
	switch (command % 16) {
	case 0:
		answer(tape);
		break;
	case 1:
		babble(tape);
		break;
	case 2:
		carry(tape);
		break;
	case 3:
		forget(tape);
		break;
	case 4:
		if (run.up)
			lose_line();
		break;
	case 5:
		if (!run.up)
			find_line();
		break;
	case 6:
		if (run.up) {
			client_heard(&run.client);
			go_on();
		}
		break;
	case 7:
		beat_note(&run.beat, run.now);
		break;
	case 8:
		pass_time(10000 * (int64_t)take(tape), command >> 4);
		break;
	case 9:
		pass_time(100 * (int64_t)take(tape), 0);
		break;
	case 10: /* to the alarm, and the rest of a usual transaction */
		pass_time(mono_diff_us(run.wake, run.now), 0);
		break;
	default: /* a usual transaction, a little late or not */
		pass_time(mono_is_set(run.wake) && !run.under_way
			      ? mono_diff_us(run.wake, run.now)
			      : 0,
		    0);
		pass_time(1000 * (int64_t)(command >> 4), 0);
		answer(&(struct tape){ (const uint8_t[]){ 0 }, 1 });
	}
	check_progress();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tape tape = { .data = data, .size = size };

	if (size > 4096)
		return 0;
	begin(&tape);
	while (tape.size > 0)
		act(&tape, take(&tape));
	/* Whatever has been: it goes on. (Long to wait for, so not always.) */
	if (size % 8 != 0)
		return 0;
	if (!run.up)
		find_line();
	pass_time(BOUND_US, 0);
	return 0;
}
