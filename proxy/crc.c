/* SPDX-License-Identifier: MIT */
#include "proxy/crc.h"

/* A nibble at a time: 16 entries are in the cache when a frame comes, 256
 * mostly are not. */
uint16_t
crc_modbus(const uint8_t *bytes, size_t length)
{
	/* clang-format off */
	static const uint16_t table[16] = {
		0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401,
		0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400,
	};
	/* clang-format on */
	unsigned crc = 0xffff;

	for (size_t i = 0; i < length; i++) {
		crc = crc >> 4 ^ table[(crc ^ bytes[i]) & 15];
		crc = crc >> 4 ^ table[(crc ^ (unsigned)bytes[i] >> 4) & 15];
	}
	return (uint16_t)crc;
}

void
crc_append(uint8_t *bytes, size_t length)
{
	uint16_t crc = crc_modbus(bytes, length);

	bytes[length] = (uint8_t)crc;
	bytes[length + 1] = (uint8_t)(crc >> 8);
}
