/* SPDX-License-Identifier: MIT */
/* Messages between processes: nothing wrong gets past message_check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/config.h"
#include "gateway/message.h"
#include "gateway/outbox.h"

static uint64_t
length_of(const struct message *message)
{
	return offsetof(struct message, body) + message->size;
}

static void
every_fresh_message_is_good(void **state)
{
	struct message message;

	for (unsigned type = 1; type < MESSAGE_TYPE_END; type++) {
		message_init(&message, (enum message_type)type);
		assert_true(message_check(&message, length_of(&message)));
		assert_false(message_check(&message, length_of(&message) - 1));
		assert_false(message_check(&message, length_of(&message) + 1));
	}
}

static void
unknown_types_and_sizes_are_refused(void **state)
{
	struct message message;

	message_init(&message, MESSAGE_ALIVE);
	message.type = 0;
	assert_false(message_check(&message, length_of(&message)));
	message.type = MESSAGE_TYPE_END;
	assert_false(message_check(&message, length_of(&message)));
	message_init(&message, MESSAGE_ALIVE);
	message.size++;
	assert_false(message_check(&message, length_of(&message)));
	assert_false(message_check(&message, 0));
}

/* Each spoils one field of a good message; the check must see it. */
static void
spoil_log_level(struct message *m)
{
	m->body.log.level = 9;
}

static void
spoil_log_text(struct message *m)
{
	memset(m->body.log.line, 'x', sizeof(m->body.log.line));
}

static void
spoil_lease_shown(struct message *m)
{
	m->body.lease.shown = CONFIG_SHOWN_MAX;
}

static void
spoil_lease_value(struct message *m)
{
	m->body.lease.value_w = (double)NAN;
}

static void
spoil_lease_owner(struct message *m)
{
	memset(m->body.lease.owner, 'x', sizeof(m->body.lease.owner));
}

static void
spoil_txn_line(struct message *m)
{
	m->body.txn.line = CONFIG_LINES_MAX;
}

static void
spoil_txn_outcome(struct message *m)
{
	m->body.txn.outcome = TXN_OUTCOME_COUNT;
}

static void
spoil_txn_length(struct message *m)
{
	m->body.txn.response_length = MESSAGE_ADU_SIZE + 1;
}

static void
spoil_reading_subject(struct message *m)
{
	m->body.reading.subject = CONFIG_DEVICES_MAX;
}

static void
spoil_reading_value(struct message *m)
{
	m->body.reading.value[3] = (double)INFINITY;
}

static void
spoil_snapshot_state(struct message *m)
{
	m->body.snapshot.state = SHOWN_STATE_COUNT;
}

static void
spoil_offset_value(struct message *m)
{
	m->body.offset.value_w = -(double)INFINITY;
}

static void
spoil_gap_order(struct message *m)
{
	m->body.gap.from_wall_us = 2;
	m->body.gap.to_wall_us = 1;
}

static void
spoil_line_number(struct message *m)
{
	m->body.line.line = CONFIG_LINES_MAX;
}

static void
spoil_line_histogram(struct message *m)
{
	m->body.line.reply[TALLY_DEVICE].bucket[3] = 1;
}

static void
spoil_unit_slot(struct message *m)
{
	m->body.unit.slot = MESSAGE_UNITS;
}

static void
spoil_unit_number(struct message *m)
{
	m->body.unit.unit = 256;
}

static void
spoil_asked_slot(struct message *m)
{
	m->body.asked.slot = MESSAGE_ASKED_MAX;
}

static void
spoil_asked_answer(struct message *m)
{
	m->body.asked.answer = ASKED_ANSWER_COUNT;
}

static void
absurd_content_is_refused(void **state)
{
	static const struct {
		enum message_type type;
		void (*spoil)(struct message *message);
	} rows[] = {
		{ MESSAGE_LOG, spoil_log_level },
		{ MESSAGE_LOG, spoil_log_text },
		{ MESSAGE_LEASE, spoil_lease_shown },
		{ MESSAGE_LEASE, spoil_lease_value },
		{ MESSAGE_LEASE, spoil_lease_owner },
		{ MESSAGE_TXN, spoil_txn_line },
		{ MESSAGE_TXN, spoil_txn_outcome },
		{ MESSAGE_TXN, spoil_txn_length },
		{ MESSAGE_READING, spoil_reading_subject },
		{ MESSAGE_READING, spoil_reading_value },
		{ MESSAGE_SNAPSHOT, spoil_snapshot_state },
		{ MESSAGE_OFFSET, spoil_offset_value },
		{ MESSAGE_GAP, spoil_gap_order },
		{ MESSAGE_LINE, spoil_line_number },
		{ MESSAGE_LINE, spoil_line_histogram },
		{ MESSAGE_UNIT, spoil_unit_slot },
		{ MESSAGE_UNIT, spoil_unit_number },
		{ MESSAGE_ASKED, spoil_asked_slot },
		{ MESSAGE_ASKED, spoil_asked_answer },
	};
	struct message message;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message_init(&message, rows[i].type);
		rows[i].spoil(&message);
		assert_false(message_check(&message, length_of(&message)));
	}
}

static void
random_bytes_never_crash(void **state)
{
	struct message message;
	uint8_t *bytes = (uint8_t *)&message;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		for (size_t k = 0; k < sizeof(message); k++)
			bytes[k] = (uint8_t)random();
		message.type = (uint32_t)random() % (MESSAGE_TYPE_END + 1);
		(void)message_check(
		    &message, (uint64_t)random() % (sizeof(message) + 1));
	}
}

static void
a_full_socket_never_blocks_and_says_again(void **state)
{
	struct message message, back;
	int pair[2], sent = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	message_init(&message, MESSAGE_TXN);
	while (message_send(pair[0], &message) == MESSAGE_DONE)
		sent++;
	assert_int_equal(message_send(pair[0], &message), MESSAGE_AGAIN);
	assert_true(sent > 50);
	for (int i = 0; i < sent; i++)
		assert_int_equal(message_receive(pair[1], &back), MESSAGE_DONE);
	assert_int_equal(message_receive(pair[1], &back), MESSAGE_AGAIN);
	/* Longer than any message, and no message at all. */
	assert_int_equal(send(pair[0], &back, sizeof(back), 0), sizeof(back));
	assert_int_equal(message_receive(pair[1], &back), MESSAGE_BAD);
	close(pair[0]);
	assert_int_equal(message_receive(pair[1], &back), MESSAGE_GONE);
	assert_int_equal(message_send(pair[1], &message), MESSAGE_GONE);
	close(pair[1]);
}

static void
push_numbered(struct outbox *outbox, int64_t number)
{
	outbox_push(outbox, MESSAGE_TXN)->body.txn.mono_us = number;
}

static void
the_ring_drops_the_oldest_and_says_so(void **state)
{
	enum { SIZE = 8, BLOCKED = 20 };
	struct outbox outbox;
	struct message message;
	int pair[2];
	int64_t filled = 0, got = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_true(outbox_init(&outbox, pair[0], SIZE, true));
	do {
		push_numbered(&outbox, filled++);
	} while (outbox_flush(&outbox));
	/* The socket is full, one waits in the ring; now overflow it. */
	for (int i = 0; i < BLOCKED; i++)
		push_numbered(&outbox, filled++);
	assert_int_equal(outbox.dropped, 1 + BLOCKED - SIZE);
	while (message_receive(pair[1], &message) == MESSAGE_DONE)
		assert_int_equal(message.body.txn.mono_us, got++);
	assert_true(outbox_flush(&outbox));
	assert_int_equal(message_receive(pair[1], &message), MESSAGE_DONE);
	assert_int_equal(message.type, MESSAGE_GAP);
	assert_int_equal(message.body.gap.dropped, outbox.dropped);
	got += (int64_t)outbox.dropped;
	while (message_receive(pair[1], &message) == MESSAGE_DONE)
		assert_int_equal(message.body.txn.mono_us, got++);
	assert_int_equal(got, filled);
	outbox_free(&outbox);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fresh_message_is_good),
		cmocka_unit_test(unknown_types_and_sizes_are_refused),
		cmocka_unit_test(absurd_content_is_refused),
		cmocka_unit_test(random_bytes_never_crash),
		cmocka_unit_test(a_full_socket_never_blocks_and_says_again),
		cmocka_unit_test(the_ring_drops_the_oldest_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
