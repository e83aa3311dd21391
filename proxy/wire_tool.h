/* SPDX-License-Identifier: MIT */
/*
 * A line that a command of the command line has for itself: opened, asked and
 * waited for by libmodbus. Nothing in here may run in the proxy, which never
 * waits.
 */
#ifndef PROXY_WIRE_TOOL_H
#define PROXY_WIRE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/pdu.h"
#include "proxy/port.h"

enum { WIRE_TOOL_PLACE_SIZE = 256 };

/* As it is said: "/dev/ttyUSB0:9600:8N1", "tcp:192.168.1.20:502". */
struct wire_tool_place {
	bool tcp;
	char path[WIRE_TOOL_PLACE_SIZE]; /* of the tty; or host */
	char service[16]; /* tcp: port */
	uint32_t baud; /* 0: not told */
	char format[4]; /* "": not told */
};

struct wire_tool {
	struct wire_tool_place place;
	struct port port; /* its context is of libmodbus, for tcp too */
	uint32_t gap_us; /* silence that the device wants */
	struct mono quiet_since; /* last thing on the line, as far as we know */
	bool late; /* an answer that did not come may still come */
};

/* What is left out stays 0 or empty: speed and format of a tty, port 502.
 * False, with the reason. */
bool wire_tool_parse(const char *text, struct wire_tool_place *place,
    char *error, unsigned size);

/* Opens it. gap_ms: silence between requests. False, with the reason. */
bool wire_tool_open(struct wire_tool *wire, const struct wire_tool_place *place,
    unsigned gap_ms, char *error, unsigned size);
void wire_tool_close(struct wire_tool *wire);

/* Asks a unit, and waits. The length of the answer's PDU; 0: none came. */
size_t wire_tool_ask(struct wire_tool *wire, uint8_t unit, const uint8_t *pdu,
    size_t length, uint8_t answer[static PDU_MAX]);

#endif
