/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a request: what is called good keeps the standard's limits,
 * said once more here. Any bytes as a reply to it: what is taken has exactly
 * the registers asked for. The bytes are exactly as many as were allocated,
 * so that a read beyond them is seen.
 *
 * Input: how long the request is, the request, the reply.
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/match.h"
#include "proxy/pdu.h"

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static uint8_t *
exact_copy(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length > 0 ? length : 1);

	must(copy != NULL);
	memcpy(copy, bytes, length);
	return copy;
}

static void
check_good(const uint8_t *pdu, size_t length, const struct pdu_request *request)
{
	unsigned end = (unsigned)request->address + request->count;

	must(length >= 1 && request->function == pdu[0]);
	must(end <= 65536);
	switch (request->function) {
	case 1:
	case 2:
		must(length == 5 && request->count <= 2000);
		break;
	case 3:
	case 4:
		must(length == 5 && request->count <= 125);
		break;
	case 15:
		must(request->count <= 1968 &&
		     length == 6 + ((size_t)request->count + 7) / 8);
		break;
	case 16:
		must(request->count <= 123 &&
		     length == 6 + 2 * (size_t)request->count);
		break;
	case 23:
		must(request->count <= 125 && length >= 12 && length <= 252);
		break;
	default:
		must(request->count <= 1);
		return;
	}
	must(request->count >= 1);
}

static void
check_reply(const uint8_t *asked, size_t asked_length, const uint8_t *told,
    size_t told_length)
{
	enum match match = match_reply(asked, asked_length, told, told_length);

	if (match == MATCH_NONE)
		return;
	must(asked_length >= 1 && told_length >= 1);
	must(asked[0] == (told[0] & 0x7f));
	if (match == MATCH_EXCEPTION)
		must(told_length == 2 && told[0] >= 0x80 && told[1] != 0);
	else if (asked[0] == 3 || asked[0] == 4)
		must(asked_length >= 5 &&
		     told_length == 2 + 2 * (size_t)(asked[3] << 8 | asked[4]));
	if (match == MATCH_DATA)
		must(match_length(asked, asked_length) == told_length ||
		     match_length(asked, asked_length) == PDU_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdu_request request;
	enum pdu_exception got;
	uint8_t *asked, *told;
	size_t length;

	if (size == 0)
		return 0;
	length = data[0] < size - 1 ? data[0] : size - 1;
	asked = exact_copy(data + 1, length);
	told = exact_copy(data + 1 + length, size - 1 - length);
	got = pdu_parse_request(asked, length, &request);
	must(got <= PDU_ILLEGAL_VALUE);
	if (got == PDU_OK)
		check_good(asked, length, &request);
	check_reply(asked, length, told, size - 1 - length);
	free(asked);
	free(told);
	return 0;
}
