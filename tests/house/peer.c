/* SPDX-License-Identifier: MIT */
#include "tests/house/peer.h"

#include <errno.h>
#include <stdio.h>
#include <termios.h>

static const char *const exceptions[MODBUS_EXCEPTION_MAX] = { "exception 0",
	"exception 1", "exception 2", "exception 3", "exception 4",
	"exception 5", "exception 6", "exception 7", "exception 8",
	"exception 9", "exception 10", "exception 11" };

modbus_t *
peer_connect(const char *path, uint32_t baud, int unit, uint32_t response_ms)
{
	/* An unpaced line has no speed; the tty wants one. */
	modbus_t *peer =
	    modbus_new_rtu(path, baud == 0 ? 115200 : (int)baud, 'N', 8, 1);
	uint32_t byte_us = 30000 + (baud == 0 ? 0 : 50000000 / baud);

	if (peer != NULL && modbus_set_slave(peer, unit) == 0 &&
	    modbus_set_response_timeout(peer, 0, response_ms * 1000) == 0 &&
	    modbus_set_byte_timeout(peer, 0, byte_us) == 0 &&
	    modbus_connect(peer) == 0)
		return peer;
	fprintf(stderr, "house: %s: %s\n", path, modbus_strerror(errno));
	modbus_free(peer);
	return NULL;
}

const char *
peer_result(int error)
{
	int exception = error - MODBUS_ENOBASE;

	if (error == 0)
		return "ok";
	if (error == ETIMEDOUT)
		return "timeout";
	if (exception > 0 && exception < MODBUS_EXCEPTION_MAX)
		return exceptions[exception];
	return "broken";
}

unsigned
peer_crc(const uint8_t *bytes, int length)
{
	unsigned crc = 0xffff;

	for (int i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return crc;
}

void
peer_drain(modbus_t *peer)
{
	(void)tcflush(modbus_get_socket(peer), TCIFLUSH);
}
