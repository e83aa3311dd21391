/* SPDX-License-Identifier: MIT */
/*
 * A Modbus TCP server as libmodbus's manual has it: select over all
 * connections, modbus_receive, modbus_reply. As many clients as an fd_set
 * holds.
 *
 *   tcp_plain PORT
 */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 512 };

static fd_set all;
static int most;

static void
take(int listener)
{
	int fd = accept(listener, NULL, NULL), on = 1;

	if (fd < 0)
		return;
	if (fd >= FD_SETSIZE) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	FD_SET(fd, &all);
	if (fd > most)
		most = fd;
}

static void
serve(modbus_t *server, modbus_mapping_t *map, int fd)
{
	uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
	int length;

	modbus_set_socket(server, fd);
	length = modbus_receive(server, query);
	if (length > 0)
		modbus_reply(server, query, length, map);
	if (length >= 0)
		return;
	close(fd);
	FD_CLR(fd, &all);
}

int
main(int argc, char **argv)
{
	modbus_mapping_t *map = modbus_mapping_new(0, 0, 256, 256);
	modbus_t *server;
	int listener;

	if (argc != 2 || map == NULL) {
		fputs("usage: tcp_plain PORT\n", stderr);
		return 64;
	}
	server = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
	listener = server != NULL ? modbus_tcp_listen(server, BACKLOG) : -1;
	if (listener < 0) {
		fprintf(
		    stderr, "port %s: %s\n", argv[1], modbus_strerror(errno));
		return 1;
	}
	FD_SET(listener, &all);
	most = listener;
	for (;;) {
		fd_set ready = all;

		if (select(most + 1, &ready, NULL, NULL, NULL) < 0)
			return 1;
		for (int fd = 0; fd <= most; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == listener)
				take(listener);
			else
				serve(server, map, fd);
		}
	}
}
