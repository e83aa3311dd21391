/* SPDX-License-Identifier: MIT */
/*
 * The Modbus TCP server: listens, takes connections, and lets go of those that
 * are silent, half-hearted or not reading.
 *
 * The serial lines come first. The connections have an epoll set of their own,
 * which the loop sees as one descriptor of low priority: after
 * TCP_SERVER_BATCH of them the lines have their turn again, however many
 * clients ask. All memory is taken at the start.
 */
#ifndef PROXY_TCP_SERVER_H
#define PROXY_TCP_SERVER_H

#include <ev.h>
#include <stdbool.h>

#include "gateway/config.h"
#include "gateway/outbox.h"
#include "proxy/relay.h"
#include "proxy/tcp_peer.h"

enum { TCP_SERVER_BATCH = 8, TCP_SERVER_ACCEPTS = 16 };

struct tcp_server {
	const struct config_modbus_tcp *config;
	struct ev_loop *loop;
	struct outbox *records; /* borrowed */
	struct box_counts *counts; /* borrowed; the relay's */
	struct tcp_peer_home home;
	struct tcp_peer *peers; /* connections_max of them */
	uint16_t *free; /* stack of the unused ones' indexes */
	unsigned free_count;
	unsigned touched; /* peers that were ever used come first */
	unsigned swept; /* where the sweep goes on */
	int listen_fd; /* -1: could not listen yet */
	bool told_down; /* that it cannot */
	bool told_full;
	struct mono told_stranger;
	ev_io acceptable;
	ev_io ready;
	ev_timer sweep;
};

/* Starts listening; what cannot be listened on yet is tried again. False: out
 * of memory or descriptors; errno tells. The relay must be ready. */
bool tcp_server_start(struct tcp_server *server, struct ev_loop *loop,
    const struct config_modbus_tcp *config, struct relay *relay,
    struct outbox *records);
/* Closes all connections; before the lines stop. */
void tcp_server_stop(struct tcp_server *server);

#endif
