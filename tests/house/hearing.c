/* SPDX-License-Identifier: MIT */
#include "tests/house/hearing.h"

#include <stdbool.h>

static speed_t
speed_of(uint32_t baud)
{
	static const struct {
		uint32_t baud;
		speed_t speed;
	} rows[] = {
		{ 1200, B1200 },
		{ 2400, B2400 },
		{ 4800, B4800 },
		{ 9600, B9600 },
		{ 19200, B19200 },
		{ 38400, B38400 },
		{ 57600, B57600 },
		{ 115200, B115200 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].baud == baud)
			return rows[i].speed;
	return B0;
}

/* The bit behind the eight: the parity, or without one the stop bit. */
static bool
ninth_bit(char parity, uint8_t byte)
{
	bool odd = __builtin_parity(byte) != 0;

	return parity == 'N' || (parity == 'E' ? odd : !odd);
}

/* A pseudo-terminal takes PARENB away; that parity is looked at stays. */
static char
parity_of(const struct termios *tty)
{
	if ((tty->c_iflag & INPCK) == 0)
		return 'N';
	return (tty->c_cflag & PARODD) != 0 ? 'O' : 'E';
}

uint8_t
hearing_byte(
    const struct hearing *line, const struct termios *end, uint8_t byte)
{
	if (line->baud == 0)
		return byte;
	if (cfgetospeed(end) != speed_of(line->baud))
		return (uint8_t)(byte * 167u + 89u);
	/* Linux hands a byte with a wrong ninth bit on as a 0. */
	return ninth_bit(line->parity, byte) == ninth_bit(parity_of(end), byte)
	           ? byte
	           : 0;
}

void
hearing_bytes(
    const struct hearing *line, int tty, uint8_t *bytes, size_t length)
{
	struct termios end;

	if (line->baud == 0 || tcgetattr(tty, &end) != 0)
		return;
	for (size_t i = 0; i < length; i++)
		bytes[i] = hearing_byte(line, &end, bytes[i]);
}
