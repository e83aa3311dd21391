/* SPDX-License-Identifier: MIT */
/*
 * What an end of a line that is set to another speed or parity makes of a
 * byte, in place of the UART that a pseudo-terminal does not have. Stop bits
 * do not matter: who waits for one is content with two.
 */
#ifndef HOUSE_HEARING_H
#define HOUSE_HEARING_H

#include <stddef.h>
#include <stdint.h>
#include <termios.h>

/* What the line is set to; zeroed: every end hears everything. */
struct hearing {
	uint32_t baud;
	char parity; /* N, E or O */
};

/* The byte as it is understood between the line and an end set like that. */
uint8_t hearing_byte(
    const struct hearing *line, const struct termios *end, uint8_t byte);

/* So many of them, with the end's tty as it is set now. */
void hearing_bytes(
    const struct hearing *line, int tty, uint8_t *bytes, size_t length);

#endif
