/* SPDX-License-Identifier: MIT */
#include "proxy/match.h"

#include <string.h>

#include "proxy/pdu.h"

/* How the answer follows from the request. */
enum rule {
	RULE_ANY, /* only the function is known */
	RULE_BITS, /* a byte count and so many bits */
	RULE_REGISTERS, /* a byte count and so many registers */
	RULE_ECHO, /* the request's first `length` bytes */
	RULE_FIXED, /* `length` bytes of anything */
	RULE_COUNTED, /* as many bytes as the second byte says */
	RULE_FIFO, /* as many as the word behind the function says */
	RULE_SUBFUNCTION, /* as long as the request, the same subfunction */
	RULE_OBJECTS, /* of function 43 */
};

/* By function code. Length: of the answer's PDU, or of the echo. */
static const struct {
	uint8_t rule;
	uint8_t length;
} rules[] = {
	[1] = { RULE_BITS, 0 },
	[2] = { RULE_BITS, 0 },
	[3] = { RULE_REGISTERS, 0 },
	[4] = { RULE_REGISTERS, 0 },
	[5] = { RULE_ECHO, 5 },
	[6] = { RULE_ECHO, 5 },
	[7] = { RULE_FIXED, 2 },
	[8] = { RULE_SUBFUNCTION, 0 },
	[11] = { RULE_FIXED, 5 },
	[12] = { RULE_COUNTED, 0 },
	[15] = { RULE_ECHO, 5 },
	[16] = { RULE_ECHO, 5 },
	[17] = { RULE_COUNTED, 0 },
	[20] = { RULE_COUNTED, 0 },
	[21] = { RULE_ECHO, 0 },
	[22] = { RULE_ECHO, 7 },
	[23] = { RULE_REGISTERS, 0 },
	[24] = { RULE_FIFO, 0 },
	[43] = { RULE_OBJECTS, 0 },
};

static enum rule
rule_of(uint8_t function)
{
	return function < sizeof(rules) / sizeof(rules[0])
	           ? (enum rule)rules[function].rule
	           : RULE_ANY;
}

/* Bytes of data that were asked for. */
static size_t
data_length(enum rule rule, const uint8_t *request, size_t length)
{
	size_t count = length >= 5 ? pdu_get_u16(request + 3) : 0;

	return rule == RULE_BITS ? (count + 7) / 8 : 2 * count;
}

/* 0 in the table: the whole request comes back. */
static size_t
echo_length(const uint8_t *request, size_t length)
{
	return rules[request[0]].length > 0 ? rules[request[0]].length : length;
}

static bool
is_fifo(const uint8_t *reply, size_t length)
{
	return length >= 3 && length == 3 + (size_t)pdu_get_u16(reply + 1);
}

static bool
fits(const uint8_t *request, size_t request_length, const uint8_t *reply,
    size_t length)
{
	enum rule rule = rule_of(request[0]);
	size_t data, echo;

	switch (rule) {
	case RULE_BITS:
	case RULE_REGISTERS:
		data = data_length(rule, request, request_length);
		return data > 0 && length == 2 + data && reply[1] == data;
	case RULE_ECHO:
		echo = echo_length(request, request_length);
		return length == echo && request_length >= echo &&
		       memcmp(request, reply, echo) == 0;
	case RULE_FIXED:
		return length == rules[request[0]].length;
	case RULE_COUNTED:
		return length >= 2 && length == 2 + (size_t)reply[1];
	case RULE_FIFO:
		return is_fifo(reply, length);
	case RULE_SUBFUNCTION:
		return length == request_length && length >= 3 &&
		       memcmp(request, reply, 3) == 0;
	case RULE_OBJECTS:
		return length >= 3 && request_length >= 3 &&
		       memcmp(request, reply, 3) == 0;
	case RULE_ANY:
		break;
	}
	return true;
}

enum match
match_reply(const uint8_t *request, size_t request_length, const uint8_t *reply,
    size_t reply_length)
{
	if (request_length < 1 || reply_length < 1 ||
	    (request[0] & PDU_EXCEPTION_BIT) != 0)
		return MATCH_NONE;
	if (reply[0] == (request[0] | PDU_EXCEPTION_BIT))
		return reply_length == 2 && reply[1] != PDU_OK ? MATCH_EXCEPTION
		                                               : MATCH_NONE;
	if (reply[0] != request[0] ||
	    !fits(request, request_length, reply, reply_length))
		return MATCH_NONE;
	return MATCH_DATA;
}

size_t
match_length(const uint8_t *request, size_t length)
{
	enum rule rule = rule_of(request[0]);

	switch (rule) {
	case RULE_BITS:
	case RULE_REGISTERS:
		return 2 + data_length(rule, request, length);
	case RULE_ECHO:
		return echo_length(request, length);
	case RULE_FIXED:
		return rules[request[0]].length;
	case RULE_SUBFUNCTION:
		return length;
	case RULE_COUNTED:
	case RULE_FIFO:
	case RULE_OBJECTS:
	case RULE_ANY:
		break;
	}
	return PDU_MAX;
}

bool
match_is_alike(const uint8_t *one, size_t one_length, const uint8_t *other,
    size_t other_length)
{
	enum rule rule = rule_of(one[0]);
	size_t least = one_length < other_length ? one_length : other_length;

	if (one[0] != other[0])
		return false;
	switch (rule) {
	case RULE_BITS:
	case RULE_REGISTERS:
		return data_length(rule, one, one_length) ==
		       data_length(rule, other, other_length);
	case RULE_ECHO:
		return echo_length(one, one_length) ==
		           echo_length(other, other_length) &&
		       least >= echo_length(one, one_length) &&
		       memcmp(one, other, echo_length(one, one_length)) == 0;
	case RULE_SUBFUNCTION:
		return one_length == other_length && least >= 3 &&
		       memcmp(one, other, 3) == 0;
	case RULE_OBJECTS:
		return least >= 3 && memcmp(one, other, 3) == 0;
	case RULE_FIXED:
	case RULE_COUNTED:
	case RULE_FIFO:
	case RULE_ANY:
		break;
	}
	return true;
}
