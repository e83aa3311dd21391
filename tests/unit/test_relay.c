/* SPDX-License-Identifier: MIT */
/* Who answers what, with a line that only remembers what it was given. */
#include "proxy/relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOBODY = 9, BOX = 247, DEVICE = 1, WRITABLE = 2, RANGED = 3, SHOWN = 4 };

static char name[] = "test";
static const struct map map = {
	.name = "test",
	.function = 3,
	.also_function = 4,
	.words_max = 65,
	.points_count = 1,
	.points = { { QUANTITY_ACTIVE_POWER, 13, MAP_S16, 1.0, true, 0,
	    { 0 } } },
	.blocks_count = 1,
	.blocks = { { 0, 65 } },
};
static const struct config_site site = { .fuse_a = 25, .phases = 3 };
static struct config_device device_config = { .name = name, .unit = 7 };
static struct config_shown shown_config = {
	.name = name,
	.unit = 1,
	.max_age_ms = 1500,
	.limit_w = 3000,
	.slew_w_per_s = 1000,
};
static struct config_range ranges[] = { { 10, 19 }, { 65535, 65535 } };
static struct config_unit units[] = {
	{ .unit = DEVICE, .target = TARGET_DEVICE },
	{ .unit = WRITABLE, .target = TARGET_DEVICE, .write = WRITE_ALLOW },
	{ .unit = RANGED,
	    .target = TARGET_DEVICE,
	    .write = WRITE_ALLOW,
	    .write_ranges = ranges,
	    .write_ranges_count = 2 },
	{ .unit = SHOWN, .target = TARGET_SHOWN },
	{ .unit = BOX, .target = TARGET_BOX },
};
static struct config_modbus_tcp tcp = { .units = units, .units_count = 5 };
static struct config config = {
	.devices = &device_config,
	.devices_count = 1,
	.shown = &shown_config,
	.shown_count = 1,
	.modbus_tcp = &tcp,
};

/* The line. */
static struct ask asks[1];
static struct errand *carried;
static struct errand *forgotten;
static bool line_takes, line_up;

bool __wrap_ask_carry(struct ask *ask, struct errand *errand);
void __wrap_ask_forget(struct ask *ask, struct errand *errand);
bool __wrap_ask_is_up(const struct ask *ask);

bool
__wrap_ask_carry(struct ask *ask, struct errand *errand)
{
	assert_ptr_equal(ask, asks);
	if (line_takes)
		carried = errand;
	return line_takes;
}

void
__wrap_ask_forget(struct ask *ask, struct errand *errand)
{
	forgotten = errand;
}

bool
__wrap_ask_is_up(const struct ask *ask)
{
	return line_up;
}

/* The rest. */
static struct shown shown[CONFIG_SHOWN_MAX];
static struct outbox records;
static struct relay relay;
static struct relay_client client;
static struct mono now;
static uint8_t reply[PDU_MAX];
static size_t reply_length;
static uint8_t told[PDU_MAX];
static size_t told_length;

static void
on_answered(struct relay_client *whom, const uint8_t *pdu, size_t length)
{
	assert_ptr_equal(whom, &client);
	memcpy(told, pdu, length);
	told_length = length;
}

static int
set_up(void **unused)
{
	const struct relay_parts parts = { asks, shown, &records };

	now.us = 100000000;
	memset(asks, 0, sizeof(asks));
	asks[0].devices_count = 1;
	assert_true(device_init(&asks[0].devices[0], &device_config, 0, &map));
	assert_true(shown_init(&shown[0], &shown_config, 0, &map, &site));
	assert_true(outbox_init(&records, -1, 512, true));
	relay_init(&relay, &config, &parts, now);
	memset(&client, 0, sizeof(client));
	client.answered = on_answered;
	carried = forgotten = NULL;
	line_takes = line_up = true;
	told_length = 0;
	return 0;
}

static int
tear_down(void **unused)
{
	outbox_free(&records);
	return 0;
}

static bool
ask_bytes(uint8_t unit, const uint8_t *pdu, size_t length)
{
	const struct mbap_frame frame = { 1, unit, pdu, length, 7 + length };

	return relay_ask(&relay, &client, &frame, now, reply, &reply_length);
}

#define ASK(unit, ...)                                                         \
	ask_bytes(unit, (const uint8_t[]){ __VA_ARGS__ },                      \
	    sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void
expect_refused(uint8_t function, uint8_t exception)
{
	assert_int_equal(reply_length, 2);
	assert_int_equal(reply[0], function | 0x80);
	assert_int_equal(reply[1], exception);
	assert_null(client.unit);
}

static void
nobody_has_that_unit(void **unused)
{
	assert_true(ASK(NOBODY, 3, 0, 0, 0, 1));
	expect_refused(3, 0x0a);
}

static void
a_read_is_carried_to_the_unit_on_the_line(void **unused)
{
	assert_false(ASK(DEVICE, 4, 0, 5, 0, 2));
	assert_non_null(carried);
	assert_int_equal(carried->unit, 7);
	assert_int_equal(carried->rank, ERRAND_CLIENT);
	assert_int_equal(carried->length, 5);
	assert_memory_equal(carried->pdu, "\4\0\5\0\2", 5);
	assert_int_equal(carried->asked.us, now.us);
	assert_int_equal(carried->deadline.us, now.us + RELAY_WAIT_MS * 1000);
	carried->done(
	    carried, ERRAND_ANSWERED, (const uint8_t *)"\4\4\1\2\3\4", 6);
	assert_int_equal(told_length, 6);
	assert_memory_equal(told, "\4\4\1\2\3\4", 6);
	assert_int_equal(relay.box.counts.carried, 1);
	assert_int_equal(records.count, 0);
}

static void
every_end_of_an_errand_has_its_exception(void **unused)
{
	static const struct {
		enum errand_end end;
		uint8_t exception;
		unsigned recorded; /* here; the rest is by the line */
	} rows[] = {
		{ ERRAND_TIMEOUT, 0x0b, 0 },
		{ ERRAND_EXPIRED, 6, 1 },
		{ ERRAND_NO_LINE, 0x0a, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		records.count = 0;
		assert_false(ASK(DEVICE, 3, 0, 5, 0, 2));
		carried->done(carried, rows[i].end, NULL, 0);
		assert_int_equal(told_length, 2);
		assert_int_equal(told[0], 0x83);
		assert_int_equal(told[1], rows[i].exception);
		assert_int_equal(records.count, rows[i].recorded);
	}
}

static void
a_line_that_takes_nothing_is_busy_or_down(void **unused)
{
	line_takes = false;
	assert_true(ASK(DEVICE, 3, 0, 5, 0, 2));
	expect_refused(3, 6);
	line_up = false;
	assert_true(ASK(DEVICE, 3, 0, 5, 0, 2));
	expect_refused(3, 0x0a);
}

static void
who_is_gone_is_forgotten_once(void **unused)
{
	relay_forget(&client);
	assert_null(forgotten);
	assert_false(ASK(DEVICE, 3, 0, 5, 0, 2));
	relay_forget(&client);
	assert_ptr_equal(forgotten, &client.errand);
	forgotten = NULL;
	relay_forget(&client);
	assert_null(forgotten);
}

static void
what_may_be_asked_depends_on_the_function(void **unused)
{
	/* Exception on DEVICE, WRITABLE, RANGED; 0: carried. */
	static const struct {
		uint8_t length;
		uint8_t pdu[12];
		uint8_t expected[3];
	} rows[] = {
		{ 5, { 1, 0, 0, 0, 1 }, { 0, 0, 0 } },
		{ 5, { 3, 0, 0, 0, 0 }, { 3, 3, 3 } },
		{ 5, { 3, 0, 0, 0, 126 }, { 3, 3, 3 } },
		{ 5, { 3, 0xff, 0xff, 0, 2 }, { 2, 2, 2 } },
		{ 1, { 17 }, { 0, 0, 0 } },
		{ 4, { 43, 14, 1, 0 }, { 0, 0, 0 } },
		{ 5, { 6, 0, 10, 0, 1 }, { 1, 0, 0 } },
		{ 5, { 6, 0, 9, 0, 1 }, { 1, 0, 2 } },
		{ 5, { 6, 0, 20, 0, 1 }, { 1, 0, 2 } },
		{ 5, { 6, 0xff, 0xff, 0, 1 }, { 1, 0, 0 } },
		{ 4, { 6, 0, 10, 0 }, { 1, 3, 3 } },
		{ 5, { 5, 0, 19, 0xff, 0 }, { 1, 0, 0 } },
		{ 8, { 16, 0, 19, 0, 1, 2, 0, 1 }, { 1, 0, 0 } },
		{ 10, { 16, 0, 19, 0, 2, 4, 0, 1, 0, 1 }, { 1, 0, 2 } },
		{ 7, { 15, 0, 10, 0, 10, 2, 1 }, { 1, 3, 3 } },
		{ 8, { 15, 0, 10, 0, 10, 2, 1, 1 }, { 1, 0, 0 } },
		{ 8, { 15, 0, 10, 0, 11, 2, 1, 1 }, { 1, 0, 2 } },
		{ 7, { 22, 0, 10, 0, 0, 0, 0 }, { 1, 0, 0 } },
		/* What it reads may lie anywhere, what it writes not. */
		{ 12, { 23, 0, 0, 0, 1, 0, 19, 0, 1, 2, 0, 1 }, { 1, 0, 0 } },
		{ 12, { 23, 0, 12, 0, 1, 0, 9, 0, 1, 2, 0, 1 }, { 1, 0, 2 } },
		{ 5, { 8, 0, 0, 0, 0 }, { 1, 0, 1 } },
		{ 3, { 65, 1, 2 }, { 1, 0, 1 } },
		{ 1, { 0 }, { 1, 1, 1 } },
		{ 2, { 0x83, 2 }, { 1, 1, 1 } },
	};
	static const uint8_t whom[] = { DEVICE, WRITABLE, RANGED };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t k = 0; k < 3; k++) {
			bool here =
			    ask_bytes(whom[k], rows[i].pdu, rows[i].length);
			uint8_t got = here ? reply[1] : 0;

			relay_forget(&client);
			if (got != rows[i].expected[k])
				fail_msg(
				    "row %zu, unit %u: %u", i, whom[k], got);
		}
}

static void
registers_just_read_are_not_asked_for_again(void **unused)
{
	struct device *device = &asks[0].devices[0];
	struct plan_block *block = plan_fast(&device->plan);
	uint8_t registers[2 * 65] = { 0x12, 0x34 };

	assert_true(block->count <= 65);
	assert_true(ASK(DEVICE, 3, 0, 13, 0, 1) == false);
	relay_forget(&client);
	device_take(device, block, block->count, registers, now);
	now = mono_add_ms(now, RELAY_FRESH_MS);
	assert_true(ASK(DEVICE, 3, 0, (uint8_t)block->address, 0, 1));
	assert_int_equal(reply_length, 4);
	assert_memory_equal(reply, "\3\2\x12\x34", 4);
	assert_true(ASK(DEVICE, 4, 0, (uint8_t)block->address, 0, 1));
	assert_int_equal(reply[0], 4);
	/* Coils are none of it. */
	assert_false(ASK(DEVICE, 1, 0, (uint8_t)block->address, 0, 1));
	relay_forget(&client);
	now = mono_add_ms(now, 1);
	assert_false(ASK(DEVICE, 3, 0, (uint8_t)block->address, 0, 1));
}

static void
a_silent_shown_meter_is_said_to_be(void **unused)
{
	assert_true(ASK(SHOWN, 3, 0, 13, 0, 1));
	expect_refused(3, 0x0b);
}

static void
feed(double power_w)
{
	struct quantities sample = { 0 };

	quantities_put(&sample, QUANTITY_ACTIVE_POWER, power_w);
	shown_sample(&shown[0], &sample, now, now);
	assert_int_equal(shown[0].state, SHOWN_ACTIVE);
}

static void
a_shown_meter_is_read_but_never_written(void **unused)
{
	feed(800);
	assert_true(ASK(SHOWN, 3, 0, 13, 0, 1));
	assert_int_equal(reply_length, 4);
	assert_memory_equal(reply, "\3\2\x03\x20", 4);
	assert_true(ASK(SHOWN, 6, 0, 13, 0, 1));
	expect_refused(6, 1);
	assert_null(carried);
}

static uint32_t
box_u32(uint16_t address)
{
	assert_true(
	    ASK(BOX, 4, (uint8_t)(address >> 8), (uint8_t)address, 0, 2));
	assert_int_equal(reply_length, 6);
	return (uint32_t)pdu_get_u16(reply + 2) << 16 | pdu_get_u16(reply + 4);
}

static float
box_f32(uint16_t address)
{
	uint32_t bits = box_u32(address);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void
the_box_shows_watts_only_while_they_are_fresh(void **unused)
{
	enum { AT = BOX_SHOWN };

	assert_int_equal(box_u32(AT + 2), 0x7fc00000);
	assert_int_equal(box_u32(AT + 8), 0xffffffff);
	feed(800);
	now = mono_add_ms(now, 1500);
	assert_int_equal(box_u32(AT) >> 16, SHOWN_ACTIVE);
	assert_true(box_f32(AT + 2) == 800.0f);
	assert_true(box_f32(AT + 4) == 800.0f);
	assert_true(box_f32(AT + 6) == 0.0f);
	assert_int_equal(box_u32(AT + 8), 1500);
	assert_int_equal(box_u32(2), 1);
	/* Before anybody has noticed that it is stale. */
	now = mono_add_ms(now, 1);
	for (uint16_t at = AT + 2; at < AT + 8; at += 2)
		assert_int_equal(box_u32(at), 0x7fc00000);
}

static void
the_box_has_these_registers_and_no_others(void **unused)
{
	static const struct {
		uint8_t pdu[5];
		uint8_t exception;
	} rows[] = {
		{ { 3, 0, 0, 0, 32 }, 0 },
		{ { 4, 0, 100, 0, 20 }, 0 },
		{ { 3, 0, 0, 0, 33 }, 2 },
		{ { 3, 0, 31, 0, 2 }, 2 },
		{ { 3, 0, 99, 0, 2 }, 2 },
		{ { 3, 0, 100, 0, 21 }, 2 }, /* there is one shown meter */
		{ { 3, 0xff, 0xff, 0, 1 }, 2 },
		{ { 3, 0, 0, 0, 0 }, 3 },
		{ { 1, 0, 0, 0, 1 }, 1 },
		{ { 6, 0, 0, 0, 1 }, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ask_bytes(BOX, rows[i].pdu, 5));
		if (rows[i].exception != 0)
			expect_refused(rows[i].pdu[0], rows[i].exception);
		else
			assert_int_equal(reply_length, 2 + 2 * rows[i].pdu[4]);
	}
}

static void
a_flood_is_recorded_in_part_and_counted(void **unused)
{
	for (int i = 0; i < RELAY_RECORDS_PER_S + 50; i++)
		assert_true(ASK(BOX, 3, 0, 0, 0, 1));
	assert_int_equal(records.count, RELAY_RECORDS_PER_S);
	assert_int_equal(relay.box.counts.unrecorded, 50);
	assert_int_equal(
	    relay.box.counts.from_memory, RELAY_RECORDS_PER_S + 50);
	/* The next second: its own, and that some were left out. */
	now = mono_add_ms(now, 1000);
	assert_true(ASK(BOX, 3, 0, 0, 0, 1));
	assert_int_equal(records.count, RELAY_RECORDS_PER_S + 2);
}

static void
a_record_is_a_frame_as_on_a_line(void **unused)
{
	const struct message *message = &records.slots[0];
	const struct message_txn *txn = &message->body.txn;

	assert_true(ASK(NOBODY, 3, 0, 5, 0, 2));
	assert_int_equal(message->type, MESSAGE_TXN);
	assert_int_equal(txn->side, TXN_CLIENT);
	assert_int_equal(txn->outcome, TXN_EXCEPTION);
	assert_int_equal(txn->line, CONFIG_LINES_MAX);
	assert_int_equal(txn->unit, NOBODY);
	assert_int_equal(txn->address, 5);
	assert_int_equal(txn->count, 2);
	assert_int_equal(txn->request_length, 8);
	assert_int_equal(txn->response_length, 5);
	assert_true(message_check(
	    message, offsetof(struct message, body) + sizeof(*txn)));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_has_that_unit),
		TEST(a_read_is_carried_to_the_unit_on_the_line),
		TEST(every_end_of_an_errand_has_its_exception),
		TEST(a_line_that_takes_nothing_is_busy_or_down),
		TEST(who_is_gone_is_forgotten_once),
		TEST(what_may_be_asked_depends_on_the_function),
		TEST(registers_just_read_are_not_asked_for_again),
		TEST(a_silent_shown_meter_is_said_to_be),
		TEST(a_shown_meter_is_read_but_never_written),
		TEST(the_box_shows_watts_only_while_they_are_fresh),
		TEST(the_box_has_these_registers_and_no_others),
		TEST(a_flood_is_recorded_in_part_and_counted),
		TEST(a_record_is_a_frame_as_on_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
