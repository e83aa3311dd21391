/* SPDX-License-Identifier: MIT */
#include "proxy/pdu.h"

enum {
	REGISTERS_END = 65536, /* one past the last address */
	READ_WRITE_MAX = 121, /* registers written by function 23 */
	COIL_OFF = 0x0000,
	COIL_ON = 0xff00,
	FILE_GROUP = 7, /* bytes: type, file, record, length */
	FILE_READ_MAX = 245,
	FILE_WRITE_MIN = 9,
	FILE_WRITE_MAX = 251,
	MEI_CANOPEN = 13,
	MEI_IDENTIFICATION = 14,
	IDENTIFICATION_CODES = 4,
};

struct body {
	const uint8_t *pdu;
	size_t length;
	uint16_t limit; /* of the count */
	uint8_t bits; /* of one item written */
};

typedef enum pdu_exception check(
    const struct body *body, struct pdu_request *request);

static enum pdu_exception
check_range(unsigned address, unsigned count)
{
	return address + count > REGISTERS_END ? PDU_ILLEGAL_ADDRESS : PDU_OK;
}

static bool
is_count(unsigned count, unsigned limit)
{
	return count >= 1 && count <= limit;
}

/* The two words that most requests begin with; what is not there is 0. */
static void
get_words(const struct body *body, uint16_t *first, uint16_t *second)
{
	if (body->length >= 3)
		*first = pdu_get_u16(body->pdu + 1);
	if (body->length >= 5)
		*second = pdu_get_u16(body->pdu + 3);
}

static enum pdu_exception
check_bare(const struct body *body, struct pdu_request *request)
{
	(void)request;
	return body->length == 1 ? PDU_OK : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_read(const struct body *body, struct pdu_request *request)
{
	get_words(body, &request->address, &request->count);
	if (body->length != 5 || !is_count(request->count, body->limit))
		return PDU_ILLEGAL_VALUE;
	return check_range(request->address, request->count);
}

static enum pdu_exception
check_coil(const struct body *body, struct pdu_request *request)
{
	uint16_t value = 0;

	get_words(body, &request->address, &value);
	request->count = 1;
	return body->length == 5 && (value == COIL_OFF || value == COIL_ON)
	           ? PDU_OK
	           : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_register(const struct body *body, struct pdu_request *request)
{
	uint16_t value;

	get_words(body, &request->address, &value);
	request->count = 1;
	return body->length == 5 ? PDU_OK : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_mask(const struct body *body, struct pdu_request *request)
{
	uint16_t mask;

	get_words(body, &request->address, &mask);
	request->count = 1;
	return body->length == 7 ? PDU_OK : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_write(const struct body *body, struct pdu_request *request)
{
	size_t bytes;

	get_words(body, &request->address, &request->count);
	bytes = ((size_t)request->count * body->bits + 7) / 8;
	if (!is_count(request->count, body->limit) || body->length < 6 ||
	    body->pdu[5] != bytes || body->length != 6 + bytes)
		return PDU_ILLEGAL_VALUE;
	return check_range(request->address, request->count);
}

/* Reads one range and writes another; the request tells of the read one. */
static enum pdu_exception
check_read_write(const struct body *body, struct pdu_request *request)
{
	unsigned address, count;

	get_words(body, &request->address, &request->count);
	if (!is_count(request->count, body->limit) || body->length < 10)
		return PDU_ILLEGAL_VALUE;
	address = pdu_get_u16(body->pdu + 5);
	count = pdu_get_u16(body->pdu + 7);
	if (!is_count(count, READ_WRITE_MAX) || body->pdu[9] != 2 * count ||
	    body->length != 10 + 2 * (size_t)count)
		return PDU_ILLEGAL_VALUE;
	if (check_range(address, count) != PDU_OK)
		return PDU_ILLEGAL_ADDRESS;
	return check_range(request->address, request->count);
}

/* A word of subfunction and words of data. */
static enum pdu_exception
check_diagnostics(const struct body *body, struct pdu_request *request)
{
	(void)request;
	return body->length >= 5 && body->length % 2 == 1 ? PDU_OK
	                                                  : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_fifo(const struct body *body, struct pdu_request *request)
{
	uint16_t none;

	get_words(body, &request->address, &none);
	return body->length == 3 ? PDU_OK : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_file_read(const struct body *body, struct pdu_request *request)
{
	size_t bytes = body->length - 2;

	(void)request;
	if (body->length < 2 + FILE_GROUP || body->pdu[1] != bytes ||
	    bytes > FILE_READ_MAX || bytes % FILE_GROUP != 0)
		return PDU_ILLEGAL_VALUE;
	return PDU_OK;
}

static enum pdu_exception
check_file_write(const struct body *body, struct pdu_request *request)
{
	size_t at = 2;

	(void)request;
	if (body->length < 2 + FILE_WRITE_MIN ||
	    body->length > 2 + FILE_WRITE_MAX ||
	    body->pdu[1] != body->length - 2)
		return PDU_ILLEGAL_VALUE;
	/* Each group ends with how many words follow it. */
	while (at + FILE_GROUP <= body->length) {
		unsigned words = pdu_get_u16(body->pdu + at + 5);

		if (words == 0)
			return PDU_ILLEGAL_VALUE;
		at += FILE_GROUP + 2 * (size_t)words;
	}
	return at == body->length ? PDU_OK : PDU_ILLEGAL_VALUE;
}

static enum pdu_exception
check_mei(const struct body *body, struct pdu_request *request)
{
	(void)request;
	if (body->length < 2)
		return PDU_ILLEGAL_VALUE;
	if (body->pdu[1] == MEI_CANOPEN)
		return PDU_OK;
	if (body->pdu[1] != MEI_IDENTIFICATION)
		return PDU_ILLEGAL_FUNCTION;
	return body->length == 4 && is_count(body->pdu[2], IDENTIFICATION_CODES)
	           ? PDU_OK
	           : PDU_ILLEGAL_VALUE;
}

/* By function code. */
static const struct {
	check *check;
	uint16_t limit;
	uint8_t bits;
} functions[] = {
	[1] = { check_read, 2000, 0 },
	[2] = { check_read, 2000, 0 },
	[PDU_READ_HOLDING] = { check_read, PDU_READ_MAX, 0 },
	[PDU_READ_INPUT] = { check_read, PDU_READ_MAX, 0 },
	[5] = { check_coil, 0, 0 },
	[PDU_WRITE_SINGLE] = { check_register, 0, 0 },
	[7] = { check_bare, 0, 0 },
	[8] = { check_diagnostics, 0, 0 },
	[11] = { check_bare, 0, 0 },
	[12] = { check_bare, 0, 0 },
	[15] = { check_write, 1968, 1 },
	[PDU_WRITE_MULTIPLE] = { check_write, PDU_WRITE_MAX, 16 },
	[17] = { check_bare, 0, 0 },
	[20] = { check_file_read, 0, 0 },
	[21] = { check_file_write, 0, 0 },
	[22] = { check_mask, 0, 0 },
	[PDU_READ_WRITE] = { check_read_write, PDU_READ_MAX, 0 },
	[24] = { check_fifo, 0, 0 },
	[43] = { check_mei, 0, 0 },
};

enum pdu_exception
pdu_parse_request(
    const uint8_t *pdu, size_t length, struct pdu_request *request)
{
	struct body body = { .pdu = pdu, .length = length };
	uint8_t function = length > 0 ? pdu[0] : 0;

	*request = (struct pdu_request){ .function = function };
	if (function >= sizeof(functions) / sizeof(functions[0]) ||
	    functions[function].check == NULL)
		return PDU_ILLEGAL_FUNCTION;
	body.limit = functions[function].limit;
	body.bits = functions[function].bits;
	return functions[function].check(&body, request);
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
pdu_write_exception(
    uint8_t pdu[static PDU_MAX], uint8_t function, enum pdu_exception exception)
{
	pdu[0] = function | PDU_EXCEPTION_BIT;
	pdu[1] = (uint8_t)exception;
	return 2;
}
