/* SPDX-License-Identifier: MIT */
/*
 * The floor of Modbus TCP: one epoll loop that answers reads of registers with
 * zeros, all that came in one read with one write. It knows no limits, times
 * or clients that do not read.
 *
 *   tcp_floor PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST = 12, BATCH = 64, READ_MAX = 125, BACKLOG = 512 };

struct peer {
	int fd;
	size_t length;
	uint8_t in[BATCH * REQUEST];
};

static size_t
answer(const uint8_t *request, uint8_t *reply)
{
	size_t bytes = 2 * ((size_t)request[10] << 8 | request[11]);

	if (bytes > (size_t)2 * READ_MAX)
		return 0;
	memcpy(reply, request, 8);
	reply[5] = (uint8_t)(3 + bytes);
	reply[8] = (uint8_t)bytes;
	memset(reply + 9, 0, bytes);
	return 9 + bytes;
}

/* False: the connection is over. */
static int
serve(struct peer *peer)
{
	uint8_t out[BATCH * (9 + 2 * READ_MAX)];
	size_t at = 0, made = 0;
	ssize_t got = recv(peer->fd, peer->in + peer->length,
	    sizeof(peer->in) - peer->length, 0);

	if (got <= 0)
		return 0;
	peer->length += (size_t)got;
	for (; peer->length - at >= REQUEST; at += REQUEST)
		made += answer(peer->in + at, out + made);
	peer->length -= at;
	if (peer->length > 0)
		memmove(peer->in, peer->in + at, peer->length);
	return made == 0 ||
	       send(peer->fd, out, made, MSG_NOSIGNAL) == (ssize_t)made;
}

static void
take(int listener, int epoll)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
	int on = 1;

	if (peer == NULL)
		return;
	peer->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &event) == 0)
		return;
	close(peer->fd);
	free(peer);
}

static int
open_listener(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	perror("listen");
	exit(1);
}

int
main(int argc, char **argv)
{
	struct rlimit limit;
	struct epoll_event list[BATCH], event = { .events = EPOLLIN };
	int listener, epoll = epoll_create1(0);

	if (argc != 2) {
		fputs("usage: tcp_floor PORT\n", stderr);
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	listener = open_listener(atoi(argv[1]));
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		int count = epoll_wait(epoll, list, BATCH, -1);

		for (int i = 0; i < count; i++) {
			struct peer *peer = list[i].data.ptr;

			if (peer == NULL) {
				take(listener, epoll);
			} else if (!serve(peer)) {
				close(peer->fd);
				free(peer);
			}
		}
	}
}
