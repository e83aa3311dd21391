/* SPDX-License-Identifier: MIT */
#include "proxy/mbap.h"

#include <assert.h>

enum { BEFORE_UNIT = 6, LENGTH_MIN = 2, LENGTH_MAX = 1 + PDU_MAX };

/* Protocol 0, and no length of 256 or more: three bytes that are 0. */
static bool
begins_well(const uint8_t *bytes, size_t length)
{
	for (size_t i = 2; i < 5 && i < length; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

enum mbap_verdict
mbap_parse(const uint8_t *bytes, size_t length, struct mbap_frame *frame)
{
	size_t promised;

	if (!begins_well(bytes, length))
		return MBAP_BAD;
	if (length < BEFORE_UNIT)
		return MBAP_MORE;
	promised = bytes[5];
	if (promised < LENGTH_MIN || promised > LENGTH_MAX)
		return MBAP_BAD;
	if (length < BEFORE_UNIT + promised)
		return MBAP_MORE;
	frame->transaction = pdu_get_u16(bytes);
	frame->unit = bytes[6];
	frame->pdu = bytes + MBAP_HEADER;
	frame->length = promised - 1;
	frame->size = BEFORE_UNIT + promised;
	return MBAP_FRAME;
}

void
mbap_put_header(uint8_t header[static MBAP_HEADER], uint16_t transaction,
    uint8_t unit, size_t pdu_length)
{
	assert(pdu_length >= 1 && pdu_length <= PDU_MAX);
	pdu_put_u16(header, transaction);
	pdu_put_u16(header + 2, 0);
	pdu_put_u16(header + 4, (uint16_t)(1 + pdu_length));
	header[6] = unit;
}
