/* SPDX-License-Identifier: MIT */
/*
 * What the processes say to each other: one fixed size per type, sent whole
 * over SOCK_SEQPACKET pairs, checked for type, size and content before anyone
 * looks inside. Both ends are the same binary, so the layout is the struct's.
 *
 *   proxy -> parent    ALIVE LOG LEASE
 *   storage, web -> parent   ALIVE LOG
 *   proxy -> storage   TXN READING EVENT SETTING GAP
 *   parent -> storage  EVENT
 *   proxy -> web       SNAPSHOT RESULT LINE UNIT ASKED
 *   web -> proxy       OFFSET
 */
#ifndef GATEWAY_MESSAGE_H
#define GATEWAY_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/histogram.h"

enum {
	MESSAGE_TEXT_SIZE = 256,
	MESSAGE_NAME_SIZE = 32,
	MESSAGE_OWNER_SIZE = 16,
	MESSAGE_ADU_SIZE = 256,
	MESSAGE_QUANTITIES = 64, /* room for enum quantity */
	MESSAGE_UNITS = 17, /* counted apart on a line; the last: all others */
	MESSAGE_ASKED_MAX = 128, /* questions remembered of a line */
};

enum message_type {
	MESSAGE_ALIVE = 1,
	MESSAGE_LOG,
	MESSAGE_LEASE,
	MESSAGE_TXN,
	MESSAGE_READING,
	MESSAGE_EVENT,
	MESSAGE_SETTING,
	MESSAGE_GAP,
	MESSAGE_SNAPSHOT,
	MESSAGE_OFFSET,
	MESSAGE_RESULT,
	MESSAGE_LINE,
	MESSAGE_UNIT,
	MESSAGE_ASKED,
	MESSAGE_TYPE_END
};

/* Sent once a process is up, then every 250 ms from the loop it proves. */
struct message_alive {
	int64_t mono_us;
};

struct message_log {
	int32_t level; /* enum log_level */
	char line[MESSAGE_TEXT_SIZE];
};

/* The lease now in force; the parent keeps it for a proxy that must restart.
 * expiry_us 0: none. */
struct message_lease {
	uint32_t shown; /* index into config->shown */
	double value_w;
	double ramp_w_per_s;
	int64_t expiry_us; /* monotonic */
	char owner[MESSAGE_OWNER_SIZE];
};

/* CLIENT: of Modbus TCP, answered by us without asking a line. */
enum txn_side { TXN_INVERTER, TXN_METER, TXN_CLIENT, TXN_SIDE_COUNT };

enum txn_outcome {
	TXN_OK,
	TXN_EXCEPTION, /* answered with an exception */
	TXN_SILENT, /* no fresh data: not answered on purpose */
	TXN_LATE, /* our answer would have come too late: not sent */
	TXN_SUPERSEDED, /* a newer request was already waiting */
	TXN_FOREIGN, /* for another unit on the line */
	TXN_TIMEOUT, /* no reply to our request */
	TXN_MISMATCH, /* a reply to something else: ignored */
	TXN_BROKEN, /* bytes that are no frame, or a write that failed */
	TXN_PASSED, /* answered with the real meter's own answer */
	TXN_OUTCOME_COUNT
};

/* "ok", "timeout"; "inverter"; "?" outside the list. */
const char *message_outcome_name(enum txn_outcome outcome);
const char *message_side_name(enum txn_side side);

/* One transaction on a line, as it was on the wire (unit to CRC). */
struct message_txn {
	int64_t wall_us; /* last byte of the request */
	int64_t mono_us;
	int32_t duration_us; /* to the last byte of the response; 0 if none */
	int32_t true_w; /* behind the answer of a shown meter */
	int32_t shown_w;
	int32_t offset_w;
	int32_t sample_age_ms; /* of the sample behind the answer; -1: none */
	uint8_t line; /* index into config->lines; CLIENT: CONFIG_LINES_MAX */
	uint8_t side; /* enum txn_side */
	uint8_t outcome; /* enum txn_outcome */
	uint8_t reason; /* enum reason */
	uint8_t unit;
	uint8_t function;
	uint16_t address;
	uint16_t count;
	uint16_t request_length;
	uint16_t response_length;
	uint8_t request[MESSAGE_ADU_SIZE];
	uint8_t response[MESSAGE_ADU_SIZE];
};

/* Decoded values. Subject: a device, or a shown meter. */
struct message_reading {
	int64_t wall_us;
	uint32_t shown; /* 1: subject indexes config->shown, 0: ->devices */
	uint32_t subject;
	uint64_t known; /* bit per enum quantity */
	double value[MESSAGE_QUANTITIES];
};

struct message_event {
	int64_t wall_us;
	int32_t level; /* enum log_level */
	char subject[MESSAGE_NAME_SIZE]; /* "meter grid", "process web" */
	char text[MESSAGE_TEXT_SIZE];
};

/* A tuned value was changed, by whom. */
struct message_setting {
	int64_t wall_us;
	char key[MESSAGE_NAME_SIZE]; /* "offset_w" */
	char value[64]; /* "500 W for 60 s" */
	char subject[MESSAGE_NAME_SIZE]; /* shown meter */
	char owner[MESSAGE_OWNER_SIZE];
};

/* The ring overflowed: so many records were lost between the two times. */
struct message_gap {
	int64_t from_wall_us;
	int64_t to_wall_us;
	uint64_t dropped;
};

enum shown_state {
	SHOWN_STARTING, /* no complete sample yet: silent */
	SHOWN_ACTIVE, /* answering */
	SHOWN_SILENT, /* data too old or not trusted: silent */
	SHOWN_STATE_COUNT
};

const char *message_state_name(enum shown_state state);

struct message_side {
	uint32_t up; /* the line is open */
	uint64_t requests; /* asked (meter) or seen (inverter) */
	uint64_t ok;
	uint64_t exceptions;
	uint64_t timeouts; /* meter: no reply; inverter: kept silent */
	uint64_t broken; /* CRC errors and noise, in frames */
	int64_t last_us; /* monotonic; last good reply / last request */
};

/* All that is live about one shown meter; sent on change, at most 10 Hz. */
struct message_snapshot {
	int64_t mono_us;
	uint32_t shown;
	uint32_t state; /* enum shown_state */
	uint32_t reason; /* enum reason */
	double true_w;
	double shown_w;
	double offset_w;
	double wanted_w;
	int64_t sample_us; /* monotonic time of the sample; 0: none yet */
	struct message_lease lease;
	struct message_side meter;
	struct message_side inverter;
	uint64_t dropped; /* records lost before storage since start */
	uint64_t known; /* true values of the source meter */
	double value[MESSAGE_QUANTITIES];
};

/* Set (duration_s > 0) or end (0) an offset. */
struct message_offset {
	uint32_t request; /* echoed in the result */
	uint32_t shown;
	double value_w;
	double ramp_w_per_s; /* 0: as fast as allowed */
	uint32_t duration_s;
	char owner[MESSAGE_OWNER_SIZE];
};

struct message_result {
	uint32_t request;
	uint32_t reason; /* enum reason; 0: done */
	struct message_lease lease; /* in force now */
};

/*
 * What is counted on a line. Those before TALLY_UNIT_EVENTS are counted for
 * each unit on it too. In brackets: the subfunction of Modbus function 8 that
 * asks a device for the same; its 0x0F, no response, is the sum of silent,
 * late and superseded.
 */
enum tally_event {
	TALLY_REQUEST, /* to a unit of ours; or ours to a device [0x0E] */
	TALLY_OK, /* answered */
	TALLY_EXCEPTION, /* answered with an exception [0x0D] */
	TALLY_SILENT, /* no fresh data: not answered on purpose */
	TALLY_LATE, /* our answer would have come too late: not sent */
	TALLY_SUPERSEDED, /* a newer request came before our answer */
	TALLY_CARRIED, /* handed to the real device, which is to answer */
	TALLY_FOREIGN, /* for another unit on the line */
	TALLY_TIMEOUT, /* no reply to our request */
	TALLY_MISMATCH, /* a reply to something else, or too late: ignored */
	TALLY_BROKEN, /* noise for a reply, or a write that failed */
	TALLY_UNIT_EVENTS,
	TALLY_MESSAGE = TALLY_UNIT_EVENTS, /* frames with a good CRC [0x0B] */
	TALLY_CRC_ERROR, /* frames with a wrong CRC, and noise [0x0C] */
	TALLY_DROPPED_BYTE, /* thrown away to find the next frame */
	TALLY_PASSED_BYTE, /* of other units' replies */
	TALLY_REOPENED, /* the device was lost and opened again */
	TALLY_EVENTS
};

/* "timeouts"; "?" outside the list. */
const char *message_tally_name(enum tally_event event);

/* Whose replies were timed. */
enum tally_reply {
	TALLY_OURS, /* last byte of the request to our write */
	TALLY_DEVICE, /* our write to the last byte of the reply */
	TALLY_REPLIES
};

/* "ours", "device"; "?" outside the list. */
const char *message_reply_name(enum tally_reply reply);

/* A line's counters; every second. */
struct message_line {
	uint32_t line; /* index into config->lines */
	uint32_t up; /* it is open */
	int64_t since_us; /* monotonic; counted from then on */
	uint64_t replaced; /* questions forgotten for newer ones */
	uint64_t count[TALLY_EVENTS];
	struct histogram reply[TALLY_REPLIES];
};

/* The counters of a unit on a line. */
struct message_unit {
	uint32_t line;
	uint32_t slot; /* MESSAGE_UNITS - 1: all units without one */
	int64_t since_us;
	uint32_t unit;
	uint64_t count[TALLY_UNIT_EVENTS];
};

/* What became of a question. */
enum asked_answer {
	ASKED_OK,
	ASKED_EXCEPTION,
	ASKED_SILENT, /* not answered, for whatever reason */
	ASKED_CARRIED, /* answered by the real device */
	ASKED_FOREIGN, /* for another unit on the line; not ours to answer */
	ASKED_ANSWER_COUNT
};

/* "ok", "silent"; "?" outside the list. */
const char *message_asked_name(enum asked_answer answer);

/* A question that is asked on a line we answer on. */
struct message_asked {
	uint32_t line;
	uint32_t slot; /* what was said of it before no longer holds */
	int64_t since_us;
	uint64_t times;
	int64_t interval_us; /* smoothed; 0: seen once */
	int64_t last_us; /* monotonic */
	uint16_t address;
	uint16_t count;
	uint8_t unit;
	uint8_t function;
	uint8_t answer; /* enum asked_answer, the last time */
	uint8_t exception; /* its code; else 0 */
};

union message_body {
	struct message_alive alive;
	struct message_log log;
	struct message_lease lease;
	struct message_txn txn;
	struct message_reading reading;
	struct message_event event;
	struct message_setting setting;
	struct message_gap gap;
	struct message_snapshot snapshot;
	struct message_offset offset;
	struct message_result result;
	struct message_line line;
	struct message_unit unit;
	struct message_asked asked;
};

struct message {
	uint32_t type; /* enum message_type */
	uint32_t size; /* of the body; fixed by the type */
	union message_body body;
};

enum message_status {
	MESSAGE_DONE,
	MESSAGE_AGAIN, /* nothing there, or no room; try later */
	MESSAGE_GONE, /* the other side has closed */
	MESSAGE_BAD, /* refused: unknown type, wrong size, absurd content */
};

/* Clears the message and sets type and size. */
void message_init(struct message *message, enum message_type type);

/* Neither call ever blocks, whatever the socket's flags. */
enum message_status message_send(int fd, const struct message *message);
enum message_status message_receive(int fd, struct message *message);

/* length: bytes that arrived. True if type, size, text ends, indices and
 * enum values are all in range and every double is finite. */
bool message_check(const struct message *message, uint64_t length);

#endif
