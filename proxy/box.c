/* SPDX-License-Identifier: MIT */
#include "proxy/box.h"

#include <string.h>

enum { REGISTERS = BOX_SHOWN + CONFIG_SHOWN_MAX * BOX_SHOWN_SIZE };

static const uint32_t nan_bits = 0x7fc00000;

static void
put_u32(uint16_t *at, uint32_t value)
{
	at[0] = (uint16_t)(value >> 16);
	at[1] = (uint16_t)value;
}

static void
put_watts(uint16_t *at, bool good, double value)
{
	uint32_t bits = nan_bits;
	float narrow = (float)value;

	if (good)
		memcpy(&bits, &narrow, sizeof(bits));
	put_u32(at, bits);
}

static uint32_t
age_ms(const struct shown *shown, struct mono now)
{
	int64_t age = mono_diff_us(now, shown->sample_at) / 1000;

	if (!mono_is_set(shown->sample_at) || age >= UINT32_MAX)
		return UINT32_MAX;
	return age > 0 ? (uint32_t)age : 0;
}

static void
put_head(const struct box *box, struct mono now, uint16_t *registers)
{
	const struct box_counts *counts = &box->counts;
	const uint32_t values[] = {
		(uint32_t)(mono_diff_us(now, box->started) / 1000000),
		counts->connections,
		counts->taken,
		counts->refused_full,
		counts->refused_address,
		counts->closed_slow,
		counts->closed_broken,
		counts->from_memory,
		counts->carried,
		counts->refused,
		counts->unrecorded,
		(uint32_t)*box->records_lost,
	};

	registers[0] = BOX_LAYOUT;
	registers[1] = (uint16_t)box->shown_count;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		put_u32(registers + 2 + 2 * i, values[i]);
}

static void
put_shown(const struct shown *shown, struct mono now, uint16_t *at)
{
	uint32_t age = age_ms(shown, now);
	bool good =
	    shown->state == SHOWN_ACTIVE && age <= shown->config->max_age_ms;

	at[0] = (uint16_t)shown->state;
	at[1] = (uint16_t)shown->output.reason;
	put_watts(at + 2, good, shown_true_w(shown));
	put_watts(at + 4, good, shown->values.value[QUANTITY_ACTIVE_POWER]);
	put_watts(at + 6, good, shown->offset_w);
	put_u32(at + 8, age);
	put_u32(at + 10, (uint32_t)shown->counts.requests);
	put_u32(at + 12, (uint32_t)shown->counts.ok);
	put_u32(at + 14, (uint32_t)shown->counts.timeouts);
}

static uint8_t
refusal(const struct box *box, enum pdu_exception bad,
    const struct pdu_request *request)
{
	unsigned end = (unsigned)request->address + request->count;

	if (request->function != PDU_READ_HOLDING &&
	    request->function != PDU_READ_INPUT)
		return PDU_ILLEGAL_FUNCTION;
	if (bad != PDU_OK)
		return (uint8_t)bad;
	if (end <= BOX_HEAD ||
	    (request->address >= BOX_SHOWN &&
		end <= BOX_SHOWN + box->shown_count * BOX_SHOWN_SIZE))
		return PDU_OK;
	return PDU_ILLEGAL_ADDRESS;
}

size_t
box_answer(const struct box *box, const uint8_t *request, size_t length,
    struct mono now, uint8_t pdu[static PDU_MAX])
{
	uint16_t registers[REGISTERS] = { 0 };
	struct pdu_request asked;
	enum pdu_exception bad = pdu_parse_request(request, length, &asked);
	uint8_t exception = refusal(box, bad, &asked);

	if (exception != PDU_OK)
		return pdu_write_exception(
		    pdu, request[0], (enum pdu_exception)exception);
	put_head(box, now, registers);
	for (unsigned i = 0; i < box->shown_count; i++)
		put_shown(&box->shown[i], now,
		    registers + BOX_SHOWN + (size_t)i * BOX_SHOWN_SIZE);
	pdu[0] = request[0];
	pdu[1] = (uint8_t)(2 * asked.count);
	for (size_t i = 0; i < asked.count; i++)
		pdu_put_u16(pdu + 2 + 2 * i, registers[asked.address + i]);
	return 2 + 2 * (size_t)asked.count;
}
