/* SPDX-License-Identifier: MIT */
#include "proxy/wire_tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SERIAL_TIMEOUT_MS = 500,
	TCP_TIMEOUT_MS = 3000, /* a bridge may have a queue */
	ADU_MAX = 260,
	CRC = 2,
};

/* --- what is said ---------------------------------------------------------
 */

static bool
fail(char *error, unsigned size, const char *why, const char *what)
{
	snprintf(error, size, "%s%s", why, what);
	return false;
}

static bool
is_format(const char *text)
{
	return strlen(text) == 3 && strchr("78", text[0]) != NULL &&
	       strchr("NEO", text[1]) != NULL && strchr("12", text[2]) != NULL;
}

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Others libmodbus would silently take for 9600. */
static bool
is_baud(unsigned long baud)
{
	static const unsigned long known[] = { 300, 600, 1200, 2400, 4800, 9600,
		19200, 38400, 57600, 115200, 230400, 460800, 921600 };

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i] == baud)
			return true;
	}
	return false;
}

/* Cuts off what stands behind the last colon; NULL: there is none. */
static char *
last_part(char *text)
{
	char *colon = strrchr(text, ':');

	return colon != NULL ? colon + 1 : NULL;
}

/* Names in /dev/serial/by-path hold colons: from the end, while it fits. */
static bool
parse_serial(struct wire_tool_place *place, char *error, unsigned size)
{
	char *part = last_part(place->path);

	if (part != NULL && is_format(part)) {
		snprintf(place->format, sizeof(place->format), "%s", part);
		part[-1] = '\0';
		part = last_part(place->path);
	}
	if (part != NULL && is_number(part)) {
		place->baud = (uint32_t)strtoul(part, NULL, 10);
		if (!is_baud(place->baud))
			return fail(error, size,
			    "no such speed: %s; there are 300 to 921600", part);
		part[-1] = '\0';
	}
	if (place->path[0] == '\0')
		return fail(error, size, "no line", "");
	return true;
}

static bool
parse_tcp(struct wire_tool_place *place, char *error, unsigned size)
{
	char *part = last_part(place->path);
	size_t length;

	snprintf(place->service, sizeof(place->service), "502");
	if (part != NULL && is_number(part) && strlen(part) <= 5) {
		snprintf(place->service, sizeof(place->service), "%s", part);
		part[-1] = '\0';
	}
	length = strlen(place->path);
	if (place->path[0] == '[' && place->path[length - 1] == ']') {
		place->path[length - 1] = '\0';
		memmove(place->path, place->path + 1, length - 1);
	}
	if (place->path[0] == '\0')
		return fail(error, size, "no host", "");
	return true;
}

bool
wire_tool_parse(
    const char *text, struct wire_tool_place *place, char *error, unsigned size)
{
	*place = (struct wire_tool_place){ 0 };
	place->tcp = strncmp(text, "tcp:", 4) == 0;
	if (place->tcp)
		text += 4;
	if (strlen(text) >= sizeof(place->path))
		return fail(error, size, "too long: ", text);
	snprintf(place->path, sizeof(place->path), "%s", text);
	return place->tcp ? parse_tcp(place, error, size)
	                  : parse_serial(place, error, size);
}

/* --- open and close -------------------------------------------------------
 */

static void
explain(
    const struct wire_tool_place *place, int code, char *error, unsigned size)
{
	/* EBUSY: by TIOCEXCL; EWOULDBLOCK: by a lock. Both are ours. */
	if (!place->tcp && (code == EWOULDBLOCK || code == EBUSY))
		snprintf(error, size,
		    "%s: the line is in use by gridshim; use -d DEVICE",
		    place->path);
	else
		snprintf(
		    error, size, "%s: %s", place->path, modbus_strerror(code));
}

static bool
connect_it(struct wire_tool *wire)
{
	return wire->place.tcp ? modbus_connect(wire->port.modbus) == 0
	                       : port_open(&wire->port) >= 0;
}

static void
set_timeouts(struct wire_tool *wire)
{
	uint32_t ms = wire->place.tcp ? TCP_TIMEOUT_MS : SERIAL_TIMEOUT_MS;

	modbus_set_response_timeout(
	    wire->port.modbus, ms / 1000, ms % 1000 * 1000);
}

bool
wire_tool_open(struct wire_tool *wire, const struct wire_tool_place *place,
    unsigned gap_ms, char *error, unsigned size)
{
	bool made = true;

	*wire = (struct wire_tool){ .place = *place };
	if (place->tcp)
		wire->port.modbus =
		    modbus_new_tcp_pi(wire->place.path, wire->place.service);
	else
		made = port_init(&wire->port, wire->place.path, place->baud,
		    place->format, false);
	if (!made || wire->port.modbus == NULL) {
		explain(place, errno, error, size);
		return false;
	}
	if (!connect_it(wire)) {
		explain(place, errno, error, size);
		port_free(&wire->port);
		return false;
	}
	set_timeouts(wire);
	wire->gap_us = gap_ms * 1000;
	if (!place->tcp) {
		uint32_t bits = 35 * port_character_bits(place->format) / 10;
		uint32_t t35_us = bits * 1000000 / place->baud + 1;

		/* As the standard says, of 19200 and more: 1.75 ms. */
		t35_us = t35_us < 1750 ? 1750 : t35_us;
		wire->gap_us = wire->gap_us > t35_us ? wire->gap_us : t35_us;
	}
	wire->quiet_since = clock_now();
	return true;
}

void
wire_tool_close(struct wire_tool *wire)
{
	if (wire->place.tcp)
		modbus_close(wire->port.modbus);
	else
		port_close(&wire->port);
	port_free(&wire->port);
}

/* --- asking ---------------------------------------------------------------
 */

static void
sleep_until(struct mono at)
{
	int64_t us = mono_diff_us(at, clock_now());
	struct timespec pause = { .tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000 };

	if (us > 0)
		nanosleep(&pause, NULL);
}

/* A late answer must not be taken for the next one: on a serial line it has
 * as much time again to arrive and be thrown away, a connection is begun
 * anew. */
static void
forget_late(struct wire_tool *wire)
{
	wire->late = false;
	if (wire->place.tcp) {
		modbus_close(wire->port.modbus);
		modbus_connect(wire->port.modbus);
		return;
	}
	sleep_until(mono_add_ms(clock_now(), SERIAL_TIMEOUT_MS));
	modbus_flush(wire->port.modbus);
	wire->quiet_since = clock_now();
}

static bool
send(struct wire_tool *wire, uint8_t unit, const uint8_t *pdu, size_t length)
{
	uint8_t bytes[1 + PDU_MAX];

	if (wire->late)
		forget_late(wire);
	sleep_until(mono_add_us(wire->quiet_since, wire->gap_us));
	modbus_set_slave(wire->port.modbus, unit);
	modbus_flush(wire->port.modbus);
	bytes[0] = unit;
	memcpy(bytes + 1, pdu, length);
	return modbus_send_raw_request(
		   wire->port.modbus, bytes, (int)length + 1) >= 0;
}

size_t
wire_tool_ask(struct wire_tool *wire, uint8_t unit, const uint8_t *pdu,
    size_t length, uint8_t answer[static PDU_MAX])
{
	uint8_t adu[ADU_MAX];
	int header = modbus_get_header_length(wire->port.modbus);
	int tail = wire->place.tcp ? 0 : CRC;
	int got = -1;

	if (send(wire, unit, pdu, length))
		got = modbus_receive_confirmation(wire->port.modbus, adu);
	wire->quiet_since = clock_now();
	if (got <= header + tail || adu[header - 1] != unit) {
		wire->late = true;
		return 0;
	}
	got -= header + tail;
	memcpy(answer, adu + header, (size_t)got);
	return (size_t)got;
}
