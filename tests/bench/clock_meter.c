/* SPDX-License-Identifier: MIT */
/*
 * A meter that tells when it measured: as an SDM630, its power is the
 * monotonic clock in ms, modulo MODULO, at the moment it answers. It keeps
 * t3.5 of silence.
 *
 *   clock_meter DEVICE BAUD UNIT MODULO
 */
#include <string.h>

#include "tests/bench/wire.h"

enum { REGISTERS = 256, POWER = 52 };

static void
put_f32(uint16_t *registers, unsigned address, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	registers[address] = (uint16_t)(bits >> 16);
	registers[address + 1] = (uint16_t)bits;
}

static void
measure(uint16_t *registers, int64_t modulo)
{
	/* To the nearest: no bias. */
	int64_t ms = (wire_now_us() + 500) / 1000;

	put_f32(registers, POWER, (float)(ms % modulo));
}

static size_t
answer(const uint8_t request[8], const uint16_t *registers, uint8_t reply[256])
{
	unsigned address = wire_u16(request + 2);
	unsigned count = wire_u16(request + 4);

	memcpy(reply, request, 2);
	if (request[1] != 4 || count > 125 || address + count > REGISTERS) {
		reply[1] |= 0x80;
		reply[2] = 2;
		return wire_append_crc(reply, 3);
	}
	reply[2] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		reply[3 + 2 * i] = (uint8_t)(registers[address + i] >> 8);
		reply[4 + 2 * i] = (uint8_t)registers[address + i];
	}
	return wire_append_crc(reply, 3 + 2 * (size_t)count);
}

int
main(int argc, char **argv)
{
	uint16_t registers[REGISTERS] = { 0 };
	uint8_t request[8], reply[256];
	int fd;

	if (argc != 5) {
		fputs("usage: clock_meter DEVICE BAUD UNIT MODULO\n", stderr);
		return 64;
	}
	for (unsigned phase = 0; phase < 3; phase++)
		put_f32(registers, 2 * phase, 230.0F);
	put_f32(registers, 42, 230.0F);
	put_f32(registers, 70, 50.0F);
	fd = wire_open(argv[1], 0);
	for (;;) {
		int64_t at = wire_request(fd, (uint8_t)atoi(argv[3]), request);

		wire_sleep_until(at + wire_t35_us(atoi(argv[2])));
		measure(registers, atol(argv[4]));
		wire_write(fd, reply, answer(request, registers, reply));
	}
}
