/* SPDX-License-Identifier: MIT */
/*
 * A serial device: opened and set up by libmodbus, which also adds the CRC
 * and writes. Nothing of libmodbus that waits is used: no receive, no
 * recovery mode, no RTS mode.
 */
#ifndef PROXY_PORT_H
#define PROXY_PORT_H

#include <modbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port {
	modbus_t *modbus;
	const char *path; /* borrowed from the configuration */
	bool rs485; /* the driver is to switch the direction */
	bool rs485_refused; /* it cannot */
	bool low_latency; /* the driver took ASYNC_LOW_LATENCY */
};

/* Allocates the libmodbus context; opens nothing. format: "8N1". rs485: have
 * the driver switch the direction (an on-chip UART; adapters do it alone). */
bool port_init(struct port *port, const char *path, uint32_t baud,
    const char *format, bool rs485);
void port_free(struct port *port);

/* The descriptor, non-blocking, raw, locked against other programs; -1 with
 * errno (EWOULDBLOCK: another program holds it). Low latency is asked for at
 * every open, since an adapter forgets it when replugged. */
int port_open(struct port *port);
void port_close(struct port *port);

/*
 * Sends unit + PDU with the CRC added, in one write. False when the device
 * did not take all of it: what is left in the driver is thrown away, so that
 * a cut frame is at least not followed by its tail later.
 */
bool port_send(struct port *port, const uint8_t *unit_and_pdu, size_t length);

/* Bits of one character on the wire: 10 for 8N1, 11 for 8E1. */
unsigned port_character_bits(const char *format);

#endif
