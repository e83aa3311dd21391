/* SPDX-License-Identifier: MIT */
/*
 * Protocol data units: what a request asks, and the bytes of both ways. Pure. A
 * PDU here starts at the function code; the unit id and the CRC belong to the
 * framing.
 */
#ifndef PROXY_PDU_H
#define PROXY_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PDU_MAX = 253, PDU_READ_MAX = 125, PDU_WRITE_MAX = 123 };

enum pdu_function {
	PDU_READ_HOLDING = 3,
	PDU_READ_INPUT = 4,
	PDU_WRITE_SINGLE = 6,
	PDU_WRITE_MULTIPLE = 16,
	PDU_READ_WRITE = 23,
	PDU_EXCEPTION_BIT = 0x80,
};

enum pdu_exception {
	PDU_OK = 0,
	PDU_ILLEGAL_FUNCTION = 1,
	PDU_ILLEGAL_ADDRESS = 2,
	PDU_ILLEGAL_VALUE = 3,
	PDU_DEVICE_FAILURE = 4,
	PDU_BUSY = 6,
	PDU_GATEWAY_PATH = 0x0a,
	PDU_GATEWAY_TARGET = 0x0b,
};

struct pdu_request {
	uint8_t function;
	uint16_t address; /* 0 for functions without one */
	/* Registers or bits; 1 for single writes, 0 for functions without; of
	 * function 23 what is read. */
	uint16_t count;
};

/*
 * Reads a request. PDU_OK, or the exception that a device must give, in the
 * order in which devices check: ILLEGAL_FUNCTION for a function outside the
 * standard's public ones; ILLEGAL_VALUE for a count of 0 or above the
 * function's limit, a byte count that does not fit, a value that is none of
 * the allowed, or a length that does not fit; ILLEGAL_ADDRESS when address +
 * count passes 65536. *request is filled as far as it could be read. Whether
 * a device has a diagnostic's subfunction or a file is its own affair.
 */
enum pdu_exception pdu_parse_request(
    const uint8_t *pdu, size_t length, struct pdu_request *request);

/* Writes the 5 bytes of a read request (functions 1 to 4). */
size_t pdu_read_request(uint8_t pdu[static PDU_MAX], uint8_t function,
    uint16_t address, uint16_t count);

/* Writes the 2 bytes of an exception. */
size_t pdu_write_exception(uint8_t pdu[static PDU_MAX], uint8_t function,
    enum pdu_exception exception);

static inline uint16_t
pdu_get_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline void
pdu_put_u16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

#endif
