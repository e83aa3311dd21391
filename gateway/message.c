/* SPDX-License-Identifier: MIT */
#include "gateway/message.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/config.h"
#include "gateway/log.h"

static_assert(sizeof(struct message) <= 1024, "a message stays under 1 KiB");

static const char *const outcome_names[TXN_OUTCOME_COUNT] = {
	[TXN_OK] = "ok",
	[TXN_EXCEPTION] = "exception",
	[TXN_SILENT] = "silent",
	[TXN_LATE] = "late",
	[TXN_SUPERSEDED] = "superseded",
	[TXN_FOREIGN] = "foreign",
	[TXN_TIMEOUT] = "timeout",
	[TXN_MISMATCH] = "mismatch",
	[TXN_BROKEN] = "broken",
	[TXN_PASSED] = "passed",
};

static const char *const side_names[TXN_SIDE_COUNT] = {
	[TXN_INVERTER] = "inverter",
	[TXN_METER] = "meter",
	[TXN_CLIENT] = "client",
};

static const char *const state_names[SHOWN_STATE_COUNT] = {
	[SHOWN_STARTING] = "starting",
	[SHOWN_ACTIVE] = "active",
	[SHOWN_SILENT] = "silent",
};

static const char *const tally_names[TALLY_EVENTS] = {
	[TALLY_REQUEST] = "requests",
	[TALLY_OK] = "ok",
	[TALLY_EXCEPTION] = "exceptions",
	[TALLY_SILENT] = "silent",
	[TALLY_LATE] = "late",
	[TALLY_SUPERSEDED] = "superseded",
	[TALLY_CARRIED] = "carried",
	[TALLY_FOREIGN] = "foreign",
	[TALLY_TIMEOUT] = "timeouts",
	[TALLY_MISMATCH] = "mismatches",
	[TALLY_BROKEN] = "broken",
	[TALLY_MESSAGE] = "messages",
	[TALLY_CRC_ERROR] = "crc_errors",
	[TALLY_DROPPED_BYTE] = "dropped_bytes",
	[TALLY_PASSED_BYTE] = "passed_bytes",
	[TALLY_REOPENED] = "reopened",
};

static const char *const reply_names[TALLY_REPLIES] = {
	[TALLY_OURS] = "ours",
	[TALLY_DEVICE] = "device",
};

static const char *const asked_names[ASKED_ANSWER_COUNT] = {
	[ASKED_OK] = "ok",
	[ASKED_EXCEPTION] = "exception",
	[ASKED_SILENT] = "silent",
	[ASKED_CARRIED] = "carried",
	[ASKED_FOREIGN] = "foreign",
};

const char *
message_outcome_name(enum txn_outcome outcome)
{
	return outcome < TXN_OUTCOME_COUNT ? outcome_names[outcome] : "?";
}

const char *
message_side_name(enum txn_side side)
{
	return side < TXN_SIDE_COUNT ? side_names[side] : "?";
}

const char *
message_state_name(enum shown_state state)
{
	return state < SHOWN_STATE_COUNT ? state_names[state] : "?";
}

const char *
message_tally_name(enum tally_event event)
{
	return event < TALLY_EVENTS ? tally_names[event] : "?";
}

const char *
message_reply_name(enum tally_reply reply)
{
	return reply < TALLY_REPLIES ? reply_names[reply] : "?";
}

const char *
message_asked_name(enum asked_answer answer)
{
	return answer < ASKED_ANSWER_COUNT ? asked_names[answer] : "?";
}

static bool
text_ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
all_finite(const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!isfinite(values[i]))
			return false;
	}
	return true;
}

static bool
level_ok(int32_t level)
{
	return level >= LOG_LEVEL_ERROR && level <= LOG_LEVEL_DEBUG;
}

static bool
check_lease(const struct message_lease *lease)
{
	const double numbers[] = { lease->value_w, lease->ramp_w_per_s };

	return lease->shown < CONFIG_SHOWN_MAX && all_finite(numbers, 2) &&
	       lease->expiry_us >= 0 &&
	       text_ends(lease->owner, sizeof(lease->owner));
}

static bool
check_txn(const struct message_txn *txn)
{
	bool client = txn->side == TXN_CLIENT;

	return txn->line < CONFIG_LINES_MAX + client &&
	       txn->side < TXN_SIDE_COUNT && txn->outcome < TXN_OUTCOME_COUNT &&
	       txn->request_length <= sizeof(txn->request) &&
	       txn->response_length <= sizeof(txn->response);
}

static bool
check_reading(const struct message_reading *reading)
{
	uint32_t limit = reading->shown ? CONFIG_SHOWN_MAX : CONFIG_DEVICES_MAX;

	return reading->shown <= 1 && reading->subject < limit &&
	       all_finite(reading->value, MESSAGE_QUANTITIES);
}

static bool
check_snapshot(const struct message_snapshot *snapshot)
{
	const double numbers[] = { snapshot->true_w, snapshot->shown_w,
		snapshot->offset_w, snapshot->wanted_w };

	return snapshot->shown < CONFIG_SHOWN_MAX &&
	       snapshot->state < SHOWN_STATE_COUNT && all_finite(numbers, 4) &&
	       all_finite(snapshot->value, MESSAGE_QUANTITIES) &&
	       check_lease(&snapshot->lease);
}

static bool
check_offset(const struct message_offset *offset)
{
	const double numbers[] = { offset->value_w, offset->ramp_w_per_s };

	return offset->shown < CONFIG_SHOWN_MAX && all_finite(numbers, 2) &&
	       text_ends(offset->owner, sizeof(offset->owner));
}

static bool
check_alive(const union message_body *body)
{
	return body->alive.mono_us >= 0;
}

static bool
check_log(const union message_body *body)
{
	return level_ok(body->log.level) &&
	       text_ends(body->log.line, sizeof(body->log.line));
}

static bool
check_event(const union message_body *body)
{
	const struct message_event *event = &body->event;

	return level_ok(event->level) &&
	       text_ends(event->subject, sizeof(event->subject)) &&
	       text_ends(event->text, sizeof(event->text));
}

static bool
check_setting(const union message_body *body)
{
	const struct message_setting *setting = &body->setting;

	return text_ends(setting->key, sizeof(setting->key)) &&
	       text_ends(setting->value, sizeof(setting->value)) &&
	       text_ends(setting->subject, sizeof(setting->subject)) &&
	       text_ends(setting->owner, sizeof(setting->owner));
}

static bool
check_gap(const union message_body *body)
{
	return body->gap.from_wall_us <= body->gap.to_wall_us;
}

static bool
check_line(const struct message_line *line)
{
	return line->line < CONFIG_LINES_MAX && line->up <= 1 &&
	       line->since_us >= 0 &&
	       histogram_sound(&line->reply[TALLY_OURS]) &&
	       histogram_sound(&line->reply[TALLY_DEVICE]);
}

static bool
check_unit(const struct message_unit *unit)
{
	return unit->line < CONFIG_LINES_MAX && unit->slot < MESSAGE_UNITS &&
	       unit->since_us >= 0 && unit->unit <= UINT8_MAX;
}

static bool
check_asked(const struct message_asked *asked)
{
	return asked->line < CONFIG_LINES_MAX &&
	       asked->slot < MESSAGE_ASKED_MAX && asked->since_us >= 0 &&
	       asked->interval_us >= 0 && asked->last_us >= 0 &&
	       asked->answer < ASKED_ANSWER_COUNT;
}

/* One shape for the table; each looks at its own member. */
#define CHECK_MEMBER(member)                                                   \
	static bool check_##member##_body(const union message_body *body)      \
	{                                                                      \
		return check_##member(&body->member);                          \
	}
CHECK_MEMBER(lease)
CHECK_MEMBER(txn)
CHECK_MEMBER(reading)
CHECK_MEMBER(snapshot)
CHECK_MEMBER(offset)
CHECK_MEMBER(line)
CHECK_MEMBER(unit)
CHECK_MEMBER(asked)

static bool
check_result(const union message_body *body)
{
	return check_lease(&body->result.lease);
}

static const struct {
	uint32_t size;
	bool (*check)(const union message_body *body);
} types[MESSAGE_TYPE_END] = {
	[MESSAGE_ALIVE] = { sizeof(struct message_alive), check_alive },
	[MESSAGE_LOG] = { sizeof(struct message_log), check_log },
	[MESSAGE_LEASE] = { sizeof(struct message_lease), check_lease_body },
	[MESSAGE_TXN] = { sizeof(struct message_txn), check_txn_body },
	[MESSAGE_READING] = { sizeof(struct message_reading),
	    check_reading_body },
	[MESSAGE_EVENT] = { sizeof(struct message_event), check_event },
	[MESSAGE_SETTING] = { sizeof(struct message_setting), check_setting },
	[MESSAGE_GAP] = { sizeof(struct message_gap), check_gap },
	[MESSAGE_SNAPSHOT] = { sizeof(struct message_snapshot),
	    check_snapshot_body },
	[MESSAGE_OFFSET] = { sizeof(struct message_offset), check_offset_body },
	[MESSAGE_RESULT] = { sizeof(struct message_result), check_result },
	[MESSAGE_LINE] = { sizeof(struct message_line), check_line_body },
	[MESSAGE_UNIT] = { sizeof(struct message_unit), check_unit_body },
	[MESSAGE_ASKED] = { sizeof(struct message_asked), check_asked_body },
};

enum { HEADER_SIZE = offsetof(struct message, body) };

void
message_init(struct message *message, enum message_type type)
{
	assert(type > 0 && type < MESSAGE_TYPE_END);
	/* Whole, not just the body's size: the padding travels too. */
	memset(message, 0, HEADER_SIZE + types[type].size);
	message->type = type;
	message->size = types[type].size;
}

bool
message_check(const struct message *message, uint64_t length)
{
	if (length < HEADER_SIZE || message->type == 0 ||
	    message->type >= MESSAGE_TYPE_END)
		return false;
	if (message->size != types[message->type].size ||
	    length != HEADER_SIZE + message->size)
		return false;
	return types[message->type].check(&message->body);
}

enum message_status
message_send(int fd, const struct message *message)
{
	size_t length = HEADER_SIZE + message->size;
	ssize_t sent;

	do {
		sent = send(fd, message, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent == (ssize_t)length)
		return MESSAGE_DONE;
	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
		return MESSAGE_AGAIN;
	return MESSAGE_GONE;
}

enum message_status
message_receive(int fd, struct message *message)
{
	ssize_t got;

	do {
		/* TRUNC: the true length of what came, however long. */
		got = recv(
		    fd, message, sizeof(*message), MSG_DONTWAIT | MSG_TRUNC);
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		return MESSAGE_GONE;
	if (got < 0)
		return errno == EAGAIN ? MESSAGE_AGAIN : MESSAGE_GONE;
	return message_check(message, (uint64_t)got) ? MESSAGE_DONE
	                                             : MESSAGE_BAD;
}
