/* SPDX-License-Identifier: MIT */
/*
 * The answering side in virtual time: bytes from the inverter, samples from the
 * meter (good, absurd, incomplete, missing), leases, and time. Held to: only
 * sound frames to our unit are answered; nothing before the first complete
 * sample, nothing older than max_age_ms (DESIGN, "what always holds", 2); the
 * power shown is the true one with an offset within its limit and slew, and
 * without a lease it only goes back (4); every other register of an inline
 * meter is one the meter itself has sent.
 *
 * Input: mode, then a command and its bytes after another.
 */
#include "tests/fuzz/server_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_fresh(void)
{
	return mono_is_set(run.good_at) &&
	       mono_diff_us(run.now, run.good_at) <=
	           (int64_t)run.config.max_age_ms * 1000;
}

static bool
is_inline(void)
{
	return run.shown.meter != NULL;
}

/* --- samples ---------------------------------------------------------------
 */

/* The last stage, whatever came before it. */
static void
check_offset(bool fresh, bool restarted)
{
	double before = restarted ? 0.0 : run.offset_w;
	double after = run.shown.offset_w;
	double seconds = (double)mono_diff_us(run.now, run.step_at) / 1e6;
	double room = restarted ? 0.0 : SLEW_W * fmin(seconds, 1.0) + 1e-6;

	must(isfinite(after) && fabs(after) <= LIMIT_W);
	/* After a silence that the clock has not noticed yet: from zero too. */
	must(fabs(after - before) <= room ||
	     (!is_fresh() && !(fabs(after) > 0.0)));
	if (!fresh)
		must(after <= before);
	if (mono_reached(run.now, run.lease_until))
		must(fabs(after) <= fabs(before));
	run.offset_w = after;
	run.step_at = run.now;
}

static void
on_sample(void)
{
	bool was_active = run.shown.state == SHOWN_ACTIVE;
	double w = run.device.values.value[QUANTITY_ACTIVE_POWER];
	double v = run.device.values.value[QUANTITY_VOLTAGE];
	double hz = run.device.values.value[QUANTITY_FREQUENCY];
	bool good = quantities_has(&run.device.values, QUANTITY_ACTIVE_POWER) &&
	            isfinite(w) && fabs(w) <= BELIEVED_W;

	device_forget_old(&run.device, run.now);
	if (quantities_has(&run.device.values, QUANTITY_VOLTAGE))
		good = good && v >= 0.0 && v <= 500.0;
	if (quantities_has(&run.device.values, QUANTITY_FREQUENCY))
		good = good && (!(hz > 0.0) || (hz >= 40.0 && hz <= 70.0));
	shown_sample(
	    &run.shown, &run.device.values, run.device.sample_at, run.now);
	must((run.shown.distrust == REASON_NONE) == good);
	if (good) {
		check_offset(true, !was_active);
		run.good_at = run.now;
		run.true_w = w;
		memcpy(run.shown_seen, run.seen, sizeof(run.seen));
	} else if (was_active && run.shown.state == SHOWN_ACTIVE) {
		check_offset(false, false);
	}
}

static float
take_watts(struct tape *tape)
{
	uint8_t how = take(tape);
	uint32_t bits;
	float any;

	if (how % 8 != 0)
		return (float)(int16_t)take_u16(tape);
	bits = (uint32_t)take_u16(tape) << 16 | take_u16(tape);
	memcpy(&any, &bits, sizeof(any));
	return any;
}

static void
see(const struct plan_block *block, uint16_t count, const uint8_t *bytes)
{
	for (unsigned i = 0; i < count; i++) {
		struct seen *seen = &run.seen[block->address + i];

		seen->value = pdu_get_u16(bytes + 2 * (size_t)i);
		seen->at = run.now;
	}
}

/* The meter answers the read of a block. */
static void
read_block(struct tape *tape, struct plan_block *block)
{
	uint8_t bytes[2 * PDU_READ_MAX];
	uint16_t count = plan_count(block);
	float watts = take_watts(tape);
	uint32_t bits;

	for (unsigned i = 0; i < count; i++)
		pdu_put_u16(bytes + 2 * (size_t)i, (uint16_t)(1 + take(tape)));
	if (block->address == 11)
		pdu_put_u16(bytes, (uint16_t)(2000 + 16 * take(tape)));
	if (block->address == 40)
		pdu_put_u16(bytes, (uint16_t)(4900 + take(tape)));
	memcpy(&bits, &watts, sizeof(bits));
	if (block->address == POWER) {
		pdu_put_u16(bytes, (uint16_t)(bits >> 16));
		pdu_put_u16(bytes + 2, (uint16_t)bits);
	}
	see(block, count, bytes);
	if (device_take(&run.device, block, count, bytes, run.now))
		on_sample();
}

static void
miss(void)
{
	bool was_active = run.shown.state == SHOWN_ACTIVE;

	device_miss(&run.device);
	if (run.device.missed < 2)
		return;
	shown_missed(&run.shown, run.now);
	if (was_active && run.shown.output.trusted)
		check_offset(false, false);
}

static void
set_lease(struct tape *tape)
{
	struct offset_lease lease = {
		.value_w = (double)(int16_t)take_u16(tape) / 8.0,
		.ramp_w_per_s = take(tape),
		.expiry_us = run.now.us + (int64_t)take(tape) * SECOND_US / 8,
	};

	if (policy_set_lease(&run.shown.policy, &lease, run.now.us) ==
	    REASON_NONE)
		run.lease_until.us = lease.expiry_us;
}

/* --- answers ---------------------------------------------------------------
 */

static double
decode(unsigned at, const uint8_t *bytes)
{
	const struct map *map = is_inline() ? &meter_map : &emulated_map;
	const struct map_point *point = map_find(map, QUANTITY_ACTIVE_POWER);
	uint16_t words[2] = { pdu_get_u16(bytes + 2 * (size_t)at), 0 };
	double value = 0.0;

	if (is_inline())
		words[1] = pdu_get_u16(bytes + 2 * (size_t)at + 2);
	must(point_decode(map, point, words, &value));
	return value;
}

static void
check_power(const struct pdu_request *request, const uint8_t *bytes)
{
	unsigned at = is_inline() ? POWER : EMULATED_POWER;
	double shown_w = run.true_w + run.offset_w;

	if (request->address > at ||
	    request->address + request->count < at + 1u + is_inline())
		return;
	if (!is_inline())
		shown_w = fmax(fmin(shown_w, INT16_MAX), INT16_MIN);
	must(fabs(decode(at - request->address, bytes) - shown_w) <=
	     (is_inline() ? 0.01 : 0.51));
}

static void
check_register(unsigned address, uint16_t value)
{
	const struct seen *seen = &run.shown_seen[address];
	int64_t age_us = mono_diff_us(run.now, seen->at);

	must(mono_is_set(seen->at));
	if (address == POWER || address == POWER + 1)
		must(age_us <= MAX_AGE_MS * 1000);
	else
		must(age_us <= SLOW_KEPT_US && value == seen->value);
}

static void
check_registers(
    const struct pdu_request *request, const uint8_t *pdu, size_t length)
{
	must(length == 2 + 2 * (size_t)request->count);
	must(pdu[1] == 2 * request->count);
	check_power(request, pdu + 2);
	for (unsigned i = 0; is_inline() && i < request->count; i++)
		check_register(
		    request->address + i, pdu_get_u16(pdu + 2 + 2 * (size_t)i));
}

static void
check_answer(const uint8_t *request, size_t length, const uint8_t *pdu,
    size_t pdu_length, uint8_t exception)
{
	struct pdu_request parsed;
	enum pdu_exception bad = pdu_parse_request(request, length, &parsed);
	bool refused_as_stale = run.config.on_stale == STALE_EXCEPTION &&
	                        exception == PDU_DEVICE_FAILURE;

	must(is_fresh() || refused_as_stale);
	if (exception != 0) {
		must(pdu_length == 2 && pdu[1] == exception);
		must(pdu[0] == (request[0] | PDU_EXCEPTION_BIT));
		return;
	}
	must(bad == PDU_OK && pdu[0] == request[0]);
	if (request[0] == PDU_READ_HOLDING || request[0] == PDU_READ_INPUT)
		check_registers(&parsed, pdu, pdu_length);
	else
		must(!is_inline() && pdu_length == 5);
}

/* The meter's own answer, brought through us: only power may be moved in it,
 * and that to what is shown. */
static void
pass(const uint8_t *request, size_t length)
{
	uint8_t before[PDU_MAX], after[PDU_MAX];
	struct pdu_request parsed;
	size_t bytes;

	must(is_inline());
	if (pdu_parse_request(request, length, &parsed) != PDU_OK ||
	    (request[0] != PDU_READ_HOLDING && request[0] != PDU_READ_INPUT))
		return;
	bytes = 2 + 2 * (size_t)parsed.count;
	memset(before, 0x5a, sizeof(before));
	before[0] = request[0];
	before[1] = (uint8_t)(2 * parsed.count);
	memcpy(after, before, sizeof(after));
	shown_patch(&run.shown, request, length, after, bytes, run.now);
	for (size_t i = 0; i < bytes; i++) {
		size_t address = parsed.address + (i - 2) / 2;

		if (i < 2 || address < POWER || address > POWER + 1)
			must(before[i] == after[i]);
	}
	if (memcmp(before, after, bytes) != 0) {
		must(is_fresh());
		check_power(&parsed, after + 2);
	}
}

static void
on_frame(const struct rtu_frame *frame)
{
	uint8_t pdu[PDU_MAX], exception = 0;
	size_t length = 0;

	must(frame->length >= RTU_ADU_MIN && frame->length <= RTU_ADU_MAX);
	must(crc_modbus(frame->adu, frame->length) == 0);
	if (frame->adu[0] != UNIT)
		return;
	switch (shown_answer(&run.shown, frame->adu + 1, frame->length - 3,
	    run.now, pdu, &length, &exception)) {
	case SHOWN_ANSWER:
		check_answer(
		    frame->adu + 1, frame->length - 3, pdu, length, exception);
		break;
	case SHOWN_PASS:
		pass(frame->adu + 1, frame->length - 3);
		break;
	case SHOWN_NO_DATA:
		must(run.config.on_stale == STALE_SILENT);
		must(!is_fresh() || run.shown.state != SHOWN_ACTIVE);
		break;
	}
}

static void
receive(const uint8_t *bytes, size_t length)
{
	struct rtu_frame frame;
	size_t room;
	uint8_t *into = rtu_room(&run.rtu, &room);

	must(room >= length);
	memcpy(into, bytes, length);
	rtu_filled(&run.rtu, length);
	while (rtu_next(&run.rtu, &frame))
		on_frame(&frame);
}

static void
silence(void)
{
	struct rtu_frame frame;

	while (rtu_silence(&run.rtu, &frame))
		on_frame(&frame);
}

static void
ask(struct tape *tape)
{
	static const uint8_t functions[] = { 3, 4, 4, 3, 6, 16, 43, 4 };
	uint8_t how = take(tape);
	uint8_t adu[RTU_ADU_MAX] = { UNIT };
	size_t length = 6;

	adu[1] = functions[how & 7];
	pdu_put_u16(adu + 2, take(tape) % (REGISTERS + 2));
	pdu_put_u16(adu + 4, 1 + take(tape) % 24);
	if (adu[1] == PDU_WRITE_MULTIPLE) {
		adu[5] = (uint8_t)(1 + adu[5] % 4);
		adu[6] = (uint8_t)(2 * adu[5]);
		length = 7 + adu[6];
	}
	crc_append(adu, length);
	if (how >= 0xf0)
		adu[how % 6] ^= (uint8_t)(1 + how);
	receive(adu, length + 2);
	silence();
}

/* --- time and input --------------------------------------------------------
 */

static void
pass_time(int64_t us)
{
	struct mono until = mono_add_us(run.now, us);

	while (mono_reached(until, run.tick)) {
		run.now = run.tick;
		shown_check_age(&run.shown, run.now);
		run.tick = mono_add_us(run.tick, TICK_US);
	}
	run.now = until;
}

static void
begin(struct tape *tape)
{
	static const struct config_site site = { .fuse_a = 25, .phases = 3 };
	uint8_t how = take(tape);
	bool is_inline = (how & 1) != 0;

	memset(&run, 0, sizeof(run));
	run.now.us = SECOND_US;
	run.tick = mono_add_us(run.now, TICK_US);
	run.device_config.unit = 1;
	run.config = (struct config_shown){
		.unit = UNIT,
		.max_age_ms = MAX_AGE_MS,
		.limit_w = LIMIT_W,
		.slew_w_per_s = SLEW_W,
		.on_stale = (enum config_stale)((how >> 1) % 3),
	};
	if (!is_inline && run.config.on_stale == STALE_PASSTHROUGH)
		run.config.on_stale = STALE_SILENT;
	rtu_init(&run.rtu, RTU_REQUESTS);
	must(device_init(&run.device, &run.device_config, 0, &meter_map));
	must(shown_init(&run.shown, &run.config, 0,
	    is_inline ? &meter_map : &emulated_map, &site));
	if (is_inline)
		run.shown.meter = &run.device;
}

static void
raw(struct tape *tape)
{
	size_t length = take(tape) % 64;

	if (length > tape->size)
		length = tape->size;
	receive(tape->data, length);
	tape->data += length;
	tape->size -= length;
}

static void
act(struct tape *tape, uint8_t command)
{
	struct plan_block *slow;

	switch (command % 8) {
	case 0:
		raw(tape);
		break;
	case 1:
		silence();
		break;
	case 2:
		read_block(tape, plan_fast(&run.device.plan));
		break;
	case 3:
		slow = plan_slow(&run.device.plan);
		if (slow != NULL && command >= 0xf0)
			device_refuse(&run.device, slow);
		else if (slow != NULL)
			read_block(tape, slow);
		break;
	case 4:
		pass_time(4000 * (int64_t)take(tape));
		break;
	case 5:
		if (command & 0x10)
			set_lease(tape);
		else
			miss();
		break;
	default:
		ask(tape);
	}
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
	return 0;
}
