/* SPDX-License-Identifier: MIT */
#include "proxy/pdu.h"

/* What a request of each public function looks like behind its code. */
enum shape {
	SHAPE_NONE,     /* not a function of the standard */
	SHAPE_PLAIN,    /* nothing to check here */
	SHAPE_READ,     /* address, count */
	SHAPE_SINGLE,   /* address, value */
	SHAPE_MULTIPLE, /* address, count, byte count, data */
	SHAPE_MASK,     /* address, and mask, or mask */
	SHAPE_BOTH,     /* read address, count, write address, count, ... */
};

static const struct {
	uint8_t shape;
	uint16_t count_max;
	uint8_t bits; /* of one item */
} functions[] = {
	[1] = { SHAPE_READ, 2000, 1 },
	[2] = { SHAPE_READ, 2000, 1 },
	[3] = { SHAPE_READ, 125, 16 },
	[4] = { SHAPE_READ, 125, 16 },
	[5] = { SHAPE_SINGLE, 1, 1 },
	[6] = { SHAPE_SINGLE, 1, 16 },
	[7] = { SHAPE_PLAIN, 0, 0 },
	[8] = { SHAPE_PLAIN, 0, 0 },
	[11] = { SHAPE_PLAIN, 0, 0 },
	[12] = { SHAPE_PLAIN, 0, 0 },
	[15] = { SHAPE_MULTIPLE, 1968, 1 },
	[16] = { SHAPE_MULTIPLE, 123, 16 },
	[17] = { SHAPE_PLAIN, 0, 0 },
	[20] = { SHAPE_PLAIN, 0, 0 },
	[21] = { SHAPE_PLAIN, 0, 0 },
	[22] = { SHAPE_MASK, 1, 16 },
	[23] = { SHAPE_BOTH, 125, 16 },
	[24] = { SHAPE_PLAIN, 0, 0 },
	[43] = { SHAPE_PLAIN, 0, 0 },
};

enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };

static enum pdu_exception
check_range(unsigned address, unsigned count, unsigned count_max)
{
	if (count == 0 || count > count_max)
		return PDU_ILLEGAL_VALUE;
	return address + count > 65536 ? PDU_ILLEGAL_ADDRESS : PDU_OK;
}

static enum pdu_exception
parse_multiple(const uint8_t *pdu, size_t length, unsigned bits,
    unsigned count_max, const struct pdu_request *request)
{
	size_t bytes = ((size_t)request->count * bits + 7) / 8;

	if (length < 6 || pdu[5] != bytes || length != 6 + bytes)
		return PDU_ILLEGAL_VALUE;
	return check_range(request->address, request->count, count_max);
}

static enum pdu_exception
parse_both(const uint8_t *pdu, size_t length,
    const struct pdu_request *request)
{
	enum pdu_exception read;
	unsigned write_count;

	if (length < 10)
		return PDU_ILLEGAL_VALUE;
	write_count = pdu_get_u16(pdu + 7);
	if (pdu[9] != 2 * write_count || length != 10 + (size_t)pdu[9])
		return PDU_ILLEGAL_VALUE;
	read = check_range(request->address, request->count, PDU_READ_MAX);
	return read != PDU_OK ? read
			      : check_range(pdu_get_u16(pdu + 5), write_count,
				    121);
}

enum pdu_exception
pdu_parse_request(const uint8_t *pdu, size_t length,
    struct pdu_request *request)
{
	uint8_t function = length > 0 ? pdu[0] : 0;
	enum shape shape = SHAPE_NONE;

	*request = (struct pdu_request){ .function = function };
	if (function < FUNCTIONS)
		shape = (enum shape)functions[function].shape;
	if (shape == SHAPE_NONE)
		return PDU_ILLEGAL_FUNCTION;
	if (shape == SHAPE_PLAIN)
		return PDU_OK;
	if (length < 5)
		return PDU_ILLEGAL_VALUE;
	request->address = pdu_get_u16(pdu + 1);
	request->count = 1;
	if (shape == SHAPE_SINGLE)
		return length == 5 ? PDU_OK : PDU_ILLEGAL_VALUE;
	if (shape == SHAPE_MASK)
		return length == 7 ? PDU_OK : PDU_ILLEGAL_VALUE;
	request->count = pdu_get_u16(pdu + 3);
	if (shape == SHAPE_MULTIPLE)
		return parse_multiple(pdu, length, functions[function].bits,
		    functions[function].count_max, request);
	if (shape == SHAPE_BOTH)
		return parse_both(pdu, length, request);
	if (length != 5)
		return PDU_ILLEGAL_VALUE;
	return check_range(request->address, request->count,
	    functions[function].count_max);
}

size_t
pdu_read_request(uint8_t pdu[static PDU_MAX], uint8_t function,
    uint16_t address, uint16_t count)
{
	pdu[0] = function;
	pdu_put_u16(pdu + 1, address);
	pdu_put_u16(pdu + 3, count);
	return 5;
}

size_t
pdu_write_exception(uint8_t pdu[static PDU_MAX], uint8_t function,
    enum pdu_exception exception)
{
	pdu[0] = function | PDU_EXCEPTION_BIT;
	pdu[1] = (uint8_t)exception;
	return 2;
}

enum pdu_match
pdu_match_read(const struct pdu_request *request, const uint8_t *pdu,
    size_t length, const uint8_t **registers, uint8_t *exception)
{
	size_t bytes = 2 * (size_t)request->count;

	if (length == 2 && pdu[0] == (request->function | PDU_EXCEPTION_BIT)) {
		*exception = pdu[1];
		return PDU_MATCH_EXCEPTION;
	}
	if (length != 2 + bytes || pdu[0] != request->function ||
	    pdu[1] != bytes)
		return PDU_MATCH_NONE;
	*registers = pdu + 2;
	return PDU_MATCH_DATA;
}
