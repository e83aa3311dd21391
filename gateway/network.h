/* SPDX-License-Identifier: MIT */
/* Numeric addresses and networks ("192.168.1.0/24", "fd00::/8"). Pure. */
#ifndef GATEWAY_NETWORK_H
#define GATEWAY_NETWORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* IPv4 as ::ffff:a.b.c.d, so that one socket may serve both. */
struct network {
	uint8_t address[16];
	unsigned bits; /* 0 .. 128, of the mapped form */
};

/* NULL, or what is wrong with the text. Without /BITS it is one address. */
const char *network_parse(struct network *network, const char *text);

/* Neither IPv4 nor IPv6 is in no network. */
bool network_holds(
    const struct network *network, const struct sockaddr *address);

enum network_reach { NETWORK_NONE, NETWORK_LOOPBACK, NETWORK_BEYOND };

/* Who can reach what listens on this address; NONE: it is no address. */
enum network_reach network_reach(const char *text);

/* The socket address of a numeric one; 0: it is none. */
socklen_t network_address(
    struct sockaddr_storage *address, const char *text, uint16_t port);

#endif
