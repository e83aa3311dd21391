/* SPDX-License-Identifier: MIT */
/*
 * One question after another on a serial line, waiting for each answer: for
 * the tools. It can send reads alone.
 */
#ifndef PROXY_PROBER_H
#define PROXY_PROBER_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/port.h"
#include "proxy/rtu.h"

enum { PROBER_PDU_MAX = 253 };

struct prober {
	struct port port;
	int fd;
	uint32_t baud;
	unsigned character_bits;
	struct rtu rtu;
	bool echoes; /* the adapter hears itself */
	size_t sent_length; /* of the last request, until it was heard */
	uint8_t sent[RTU_ADU_MAX];
	struct mono quiet; /* the line was last busy then */
};

enum prober_result {
	PROBER_REPLY,
	PROBER_EXCEPTION,
	PROBER_OTHER, /* somebody else answered: an earlier question, late */
	PROBER_BROKEN, /* bytes came, but no frame */
	PROBER_SILENT,
	PROBER_LOST, /* the device is gone */
};

struct prober_reply {
	uint8_t unit;
	uint8_t pdu[PROBER_PDU_MAX];
	uint16_t length; /* of the PDU */
	uint32_t latency_us; /* from the request's last byte to the reply's */
};

/* path is borrowed. False: errno tells. */
bool prober_open(
    struct prober *prober, const char *path, uint32_t baud, const char *format);
void prober_close(struct prober *prober);

/* Bytes that come in so many ms without our asking; -1: the device is gone. */
int prober_hear(struct prober *prober, int wait_ms);

/*
 * Asks and waits: wait_ms from the request's last byte on the wire to the
 * reply's first, and the reply's own time besides. reply is set for the first
 * three results. The PDU's function is 1 to 4, 17 or 43; others are our bug.
 */
enum prober_result prober_ask(struct prober *prober, uint8_t unit,
    const uint8_t *pdu, unsigned length, int wait_ms,
    struct prober_reply *reply);

/* Reads registers or bits (functions 1 to 4), a word each. */
enum prober_result prober_read(struct prober *prober, uint8_t unit,
    uint8_t function, uint16_t address, uint16_t count, int wait_ms,
    uint16_t *words, struct prober_reply *reply);

#endif
