/* SPDX-License-Identifier: MIT */
/*
 * The floor: answers reads of registers on a serial line with nothing between
 * the system calls. It waits out t3.5 of silence with clock_nanosleep, as the
 * standard asks; with SILENCE 0 it answers at once, as libmodbus does.
 *
 *   floor DEVICE BAUD UNIT [SILENCE_US]
 */
#include <string.h>

#include "tests/bench/wire.h"

int
main(int argc, char **argv)
{
	uint8_t request[8], reply[256] = { 0 };
	int64_t silence_us;
	uint8_t unit;
	int fd;

	if (argc != 4 && argc != 5) {
		fputs("usage: floor DEVICE BAUD UNIT [SILENCE_US]\n", stderr);
		return 64;
	}
	fd = wire_open(argv[1], 0);
	silence_us = argc == 5 ? atol(argv[4]) : wire_t35_us(atoi(argv[2]));
	unit = (uint8_t)atoi(argv[3]);
	for (;;) {
		int64_t at = wire_request(fd, unit, request);
		unsigned count = wire_u16(request + 4);

		if (count > 125)
			continue;
		memcpy(reply, request, 2);
		reply[2] = (uint8_t)(2 * count);
		memset(reply + 3, 0, 2 * (size_t)count);
		if (silence_us > 0)
			wire_sleep_until(at + silence_us);
		wire_write(
		    fd, reply, wire_append_crc(reply, 3 + 2 * (size_t)count));
	}
}
