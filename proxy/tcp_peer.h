/* SPDX-License-Identifier: MIT */
/*
 * One connection of a Modbus TCP client: bytes in, replies out, in the order of
 * the requests, each with its own transaction id.
 *
 * A request that has to be carried over a line holds up those behind it, which
 * stay in the input buffer, and behind that in the client's: it is never more
 * than that buffer, and one errand. Replies are only made while there is room
 * for TCP_PEER_REPLIES of the largest, and not while earlier ones wait for the
 * client to read them.
 *
 * What came in one read is answered with one write.
 */
#ifndef PROXY_TCP_PEER_H
#define PROXY_TCP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "proxy/mbap.h"
#include "proxy/relay.h"

enum {
	TCP_PEER_REPLIES = 16,
	TCP_PEER_IN = 1024,
	TCP_PEER_OUT = TCP_PEER_REPLIES * MBAP_FRAME_MAX,
	/* For half a frame to become one, and for replies to be read. */
	TCP_PEER_SLOW_S = 10,
};

struct tcp_peer;

/* The same for all connections. Borrowed. */
struct tcp_peer_home {
	int epoll_fd;
	struct relay *relay;
	int64_t idle_us; /* a silent one is closed */
	int64_t slow_us; /* TCP_PEER_SLOW_S, or idle_us if that is less */
	/* The connection is closed, and its memory free. */
	void (*closed)(void *owner, struct tcp_peer *peer);
	void *owner;
};

struct tcp_peer {
	const struct tcp_peer_home *home;
	int fd; /* -1: free */
	uint32_t interest; /* of epoll */
	bool ended; /* nothing more is read: end of stream, or nonsense */
	bool waiting; /* for an errand */
	uint16_t transaction; /* of that */
	uint8_t unit;
	size_t in_length;
	size_t out_begin; /* sent before that */
	size_t out_length;
	struct mono heard; /* last byte */
	struct mono half_since; /* part of a frame is there; 0: none */
	struct mono stuck_since; /* the client does not read; 0: it does */
	struct relay_client client;
	uint8_t in[TCP_PEER_IN];
	uint8_t out[TCP_PEER_OUT];
};

/* Takes the socket (non-blocking). False: errno tells, and it is not taken.
 * The memory must be zeroed or a closed peer's. */
bool tcp_peer_open(struct tcp_peer *peer, const struct tcp_peer_home *home,
    int fd, struct mono now);
void tcp_peer_close(struct tcp_peer *peer);

/* Events of epoll have come. May close it. */
void tcp_peer_ready(struct tcp_peer *peer, uint32_t events, struct mono now);

/* Has it used up one of its times? */
bool tcp_peer_overdue(const struct tcp_peer *peer, struct mono now);

#endif
