/* SPDX-License-Identifier: MIT */
/*
 * Modbus TCP framing: bytes in, frames out, and the header of what goes out.
 * Pure; requests and replies look alike, so a server and a client share it.
 *
 *   transaction id (2)  protocol, 0 (2)  length (2)  unit (1)  PDU (1 to 253)
 *
 * Length counts unit and PDU. A stream that breaks a rule cannot be resumed:
 * nothing in it says where the next frame begins.
 */
#ifndef PROXY_MBAP_H
#define PROXY_MBAP_H

#include <stddef.h>
#include <stdint.h>

#include "proxy/pdu.h"

enum {
	MBAP_HEADER = 7, /* transaction id to unit */
	MBAP_FRAME_MAX = MBAP_HEADER + PDU_MAX,
};

struct mbap_frame {
	uint16_t transaction;
	uint8_t unit;
	const uint8_t *pdu; /* points into the bytes */
	size_t length; /* of the PDU */
	size_t size; /* of the whole frame */
};

enum mbap_verdict {
	MBAP_MORE, /* nothing wrong yet */
	MBAP_FRAME,
	MBAP_BAD, /* another protocol, or a length outside 2 .. 254: close */
};

/* The frame at the start of bytes. BAD as soon as a byte says so. Reads no
 * further than length, nor beyond the frame. */
enum mbap_verdict mbap_parse(
    const uint8_t *bytes, size_t length, struct mbap_frame *frame);

/* Writes the 7 bytes before a PDU of 1 to PDU_MAX bytes. */
void mbap_put_header(uint8_t header[static MBAP_HEADER], uint16_t transaction,
    uint8_t unit, size_t pdu_length);

#endif
