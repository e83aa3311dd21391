/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a stream. Each frame must be what its own header says, put
 * together again it must be the same bytes, and a stream cut anywhere must
 * never be called something else than the whole one (MORE aside).
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/mbap.h"

static void
must(bool truth)
{
	if (!truth)
		abort();
}

/* Every shorter piece: MORE until the frame is there, BAD only if all of it
 * is. The piece is as long as its memory. */
static void
check_pieces(
    const uint8_t *bytes, size_t length, enum mbap_verdict whole, size_t size)
{
	struct mbap_frame frame;
	bool bad = false;

	for (size_t cut = 0; cut < length && cut <= size; cut++) {
		uint8_t *piece = malloc(cut > 0 ? cut : 1);
		enum mbap_verdict verdict;

		must(piece != NULL);
		memcpy(piece, bytes, cut);
		verdict = mbap_parse(piece, cut, &frame);
		free(piece);
		must(verdict != MBAP_BAD || whole == MBAP_BAD);
		must(!bad || verdict == MBAP_BAD);
		must((verdict == MBAP_FRAME) ==
		     (whole == MBAP_FRAME && cut >= size));
		bad = verdict == MBAP_BAD;
	}
}

static void
check_frame(const uint8_t *bytes, size_t length, const struct mbap_frame *frame)
{
	uint8_t header[MBAP_HEADER];

	must(frame->size <= length && frame->size <= MBAP_FRAME_MAX);
	must(frame->length >= 1 && frame->length <= PDU_MAX);
	must(frame->pdu == bytes + MBAP_HEADER);
	must(frame->size == MBAP_HEADER + frame->length);
	mbap_put_header(header, frame->transaction, frame->unit, frame->length);
	must(memcmp(header, bytes, MBAP_HEADER) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 0;

	for (;;) {
		struct mbap_frame frame = { 0 };
		enum mbap_verdict verdict =
		    mbap_parse(data + at, size - at, &frame);

		check_pieces(data + at, size - at, verdict,
		    verdict == MBAP_FRAME ? frame.size : 2 * MBAP_FRAME_MAX);
		if (verdict != MBAP_FRAME) {
			must(verdict == MBAP_BAD || size - at < MBAP_FRAME_MAX);
			return 0;
		}
		check_frame(data + at, size - at, &frame);
		at += frame.size;
	}
}
