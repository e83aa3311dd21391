/* SPDX-License-Identifier: MIT */
#include "proxy/tcp_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/journal.h"

enum {
	BACKLOG = 512,
	OTHER_DESCRIPTORS = 128, /* lines, timers, pipes */
	STRANGER_TELL_S = 60,
	SWEEP_PARTS = 5,
};

/* Every connection is looked at twice a second, a fifth of them at a time. */
#define SWEEP_S 0.1

static_assert(CONFIG_CONNECTIONS_MAX <= UINT16_MAX, "an index is 16 bits");

static const char subject[] = "modbus_tcp";

/* --- connections ----------------------------------------------------------
 */

static unsigned
used(const struct tcp_server *server)
{
	return server->config->connections_max - server->free_count;
}

static void
on_closed(void *owner, struct tcp_peer *peer)
{
	struct tcp_server *server = owner;

	server->free[server->free_count++] = (uint16_t)(peer - server->peers);
	server->counts->connections = used(server);
	/* Said again only when it had really become less. */
	if (used(server) <= server->config->connections_max / 10 * 9)
		server->told_full = false;
}

static void
refuse_full(struct tcp_server *server)
{
	server->counts->refused_full++;
	if (server->told_full)
		return;
	server->told_full = true;
	journal_event(server->records, LOG_LEVEL_WARNING, subject,
	    "all %u connections are in use, new ones are refused",
	    server->config->connections_max);
}

static void
refuse_stranger(struct tcp_server *server, const struct sockaddr_storage *from)
{
	struct mono now = clock_now();
	char text[INET6_ADDRSTRLEN] = "?";

	server->counts->refused_address++;
	if (mono_is_set(server->told_stranger) &&
	    mono_diff_us(now, server->told_stranger) <
		STRANGER_TELL_S * INT64_C(1000000))
		return;
	server->told_stranger = now;
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET,
		    &((const struct sockaddr_in *)(const void *)from)->sin_addr,
		    text, sizeof(text));
	else if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)(const void *)from)
			 ->sin6_addr,
		    text, sizeof(text));
	journal_event(server->records, LOG_LEVEL_WARNING, subject,
	    "connection from %s refused, not in allow_from (%u so far)", text,
	    server->counts->refused_address);
}

static bool
is_allowed(const struct tcp_server *server, const struct sockaddr_storage *from)
{
	const struct config_modbus_tcp *config = server->config;

	for (unsigned i = 0; i < config->allow_from_count; i++) {
		if (network_holds(
			&config->networks[i], (const struct sockaddr *)from))
			return true;
	}
	return config->allow_from_count == 0;
}

static bool
take(struct tcp_server *server, int fd, const struct sockaddr_storage *from)
{
	struct tcp_peer *peer;
	unsigned place;
	int on = 1;

	if (!is_allowed(server, from)) {
		refuse_stranger(server, from);
		return false;
	}
	if (server->free_count == 0) {
		refuse_full(server);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	place = server->free[server->free_count - 1];
	peer = &server->peers[place];
	if (!tcp_peer_open(peer, &server->home, fd, clock_now()))
		return false;
	server->free_count--;
	if (place >= server->touched)
		server->touched = place + 1;
	server->counts->taken++;
	server->counts->connections = used(server);
	return true;
}

/* A few at a time: a crowd at the door must not hold up the lines. */
static void
on_acceptable(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct tcp_server *server = watcher->data;

	(void)events;
	for (int i = 0; i < TCP_SERVER_ACCEPTS; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t length = sizeof(from);
		int fd = accept4(server->listen_fd, (struct sockaddr *)&from,
		    &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			if (!take(server, fd, &from))
				close(fd);
			continue;
		}
		/* Out of descriptors: it would call again at once. The sweep
		 * starts it anew. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			server->counts->refused_full++;
			ev_io_stop(loop, watcher);
		}
		return;
	}
}

static void
on_ready(struct ev_loop *loop, ev_io *watcher, int events)
{
	struct tcp_server *server = watcher->data;
	struct epoll_event list[TCP_SERVER_BATCH];
	struct mono now;
	int count;

	(void)loop;
	(void)events;
	count = epoll_wait(server->home.epoll_fd, list, TCP_SERVER_BATCH, 0);
	now = clock_now();
	for (int i = 0; i < count; i++)
		tcp_peer_ready(list[i].data.ptr, list[i].events, now);
}

/* --- listening ------------------------------------------------------------
 */

static int
open_listener(const struct config_modbus_tcp *config)
{
	struct sockaddr_storage address;
	socklen_t length =
	    network_address(&address, config->listen, (uint16_t)config->port);
	int on = 1, off = 0, error;
	int fd = socket(
	    address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* "::" is for IPv4 too, whatever the machine's default. */
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&address, length) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* The address may come up later; the lines must not wait for it. */
static void
try_listen(struct tcp_server *server)
{
	const struct config_modbus_tcp *config = server->config;

	server->listen_fd = open_listener(config);
	if (server->listen_fd < 0) {
		if (!server->told_down)
			journal_event(server->records, LOG_LEVEL_WARNING,
			    subject,
			    "cannot listen on %s port %u: %s; trying "
			    "again",
			    config->listen, config->port, strerror(errno));
		server->told_down = true;
		return;
	}
	journal_event(server->records, LOG_LEVEL_INFO, subject,
	    "listening on %s port %u, %u units, at most %u connections",
	    config->listen, config->port, config->units_count,
	    config->connections_max);
	ev_io_set(&server->acceptable, server->listen_fd, EV_READ);
	ev_io_start(server->loop, &server->acceptable);
}

static void
sweep_part(struct tcp_server *server, struct mono now)
{
	for (unsigned n = server->touched / SWEEP_PARTS + 1; n > 0; n--) {
		struct tcp_peer *peer;

		if (server->swept >= server->touched)
			server->swept = 0;
		peer = &server->peers[server->swept++];
		if (peer->fd < 0 || !tcp_peer_overdue(peer, now))
			continue;
		server->counts->closed_slow++;
		tcp_peer_close(peer);
	}
}

static void
on_sweep(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct tcp_server *server = timer->data;
	struct mono now = clock_now();

	(void)events;
	if (server->listen_fd < 0)
		try_listen(server);
	else
		ev_io_start(loop, &server->acceptable);
	if (server->touched == 0)
		return;
	sweep_part(server, now);
}

/* --- start and stop ------------------------------------------------------- */

static void
raise_limit(unsigned connections)
{
	rlim_t wanted = connections + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
		log_warnx("%s: this system allows %llu descriptors, too few "
			  "for %u connections",
		    subject, (unsigned long long)limit.rlim_cur, connections);
}

static bool
allocate(struct tcp_server *server)
{
	unsigned count = server->config->connections_max;

	server->peers = calloc(count, sizeof(*server->peers));
	server->free = calloc(count, sizeof(*server->free));
	if (server->peers == NULL || server->free == NULL)
		return false;
	for (unsigned i = 0; i < count; i++) {
		/* The lowest are used first: few clients, few pages. */
		server->free[i] = (uint16_t)(count - 1 - i);
	}
	server->free_count = count;
	return true;
}

static void
start_watchers(struct tcp_server *server)
{
	ev_init(&server->acceptable, on_acceptable);
	ev_io_init(&server->ready, on_ready, server->home.epoll_fd, EV_READ);
	ev_timer_init(&server->sweep, on_sweep, SWEEP_S, SWEEP_S);
	ev_set_priority(&server->acceptable, -1);
	ev_set_priority(&server->ready, -1);
	ev_set_priority(&server->sweep, -1);
	server->acceptable.data = server->ready.data = server;
	server->sweep.data = server;
	ev_io_start(server->loop, &server->ready);
	ev_timer_start(server->loop, &server->sweep);
}

bool
tcp_server_start(struct tcp_server *server, struct ev_loop *loop,
    const struct config_modbus_tcp *config, struct relay *relay,
    struct outbox *records)
{
	int64_t idle_us = config->idle_s * INT64_C(1000000);
	int64_t slow_us = TCP_PEER_SLOW_S * INT64_C(1000000);

	raise_limit(config->connections_max);
	server->config = config;
	server->loop = loop;
	server->records = records;
	server->counts = &relay->box.counts;
	server->listen_fd = -1;
	server->home = (struct tcp_peer_home){
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.relay = relay,
		.idle_us = idle_us,
		.slow_us = idle_us < slow_us ? idle_us : slow_us,
		.closed = on_closed,
		.owner = server,
	};
	if (server->home.epoll_fd < 0 || !allocate(server))
		return false;
	start_watchers(server);
	try_listen(server);
	return true;
}

void
tcp_server_stop(struct tcp_server *server)
{
	ev_timer_stop(server->loop, &server->sweep);
	ev_io_stop(server->loop, &server->acceptable);
	ev_io_stop(server->loop, &server->ready);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	for (unsigned i = 0; i < server->touched; i++) {
		if (server->peers[i].fd >= 0)
			tcp_peer_close(&server->peers[i]);
	}
	close(server->home.epoll_fd);
	free(server->free);
	free(server->peers);
}
