/* SPDX-License-Identifier: MIT */
/*
 * Modbus TCP load: CLIENTS connections that each keep DEPTH requests in flight
 * and check every answer. One JSON object on stdout: times in microseconds;
 * own_cpu is the load's own share of one core (near 1 it is what is measured).
 *
 *   tcp_load PORT UNIT FUNCTION ADDRESS COUNT CLIENTS DEPTH SECONDS
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 12, DEPTH_MAX = 64, BATCH = 64, STEPS = 1024 };

struct client {
	int fd; /* -1: closed */
	uint16_t next; /* transaction */
	unsigned flying;
	size_t length;
	int64_t sent[DEPTH_MAX]; /* ns, by transaction */
	uint8_t in[DEPTH_MAX * 260];
};

struct load {
	int port;
	uint8_t question[REQUEST];
	unsigned count; /* registers */
	unsigned depth;
	int64_t end_ns;
	uint64_t answers, exceptions, wrong, closed;
	/* Good answers by their time: STEPS for each power of two, ns. */
	uint64_t times[64 * STEPS];
};

static int64_t
now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void
note(struct load *load, int64_t ns)
{
	unsigned power = 0;

	while (ns >> power >= 2 * STEPS)
		power++;
	load->times[power * STEPS + (unsigned)(ns >> power)]++;
	load->answers++;
}

static double
percentile_us(const struct load *load, double part)
{
	uint64_t rank = (uint64_t)(part * (double)load->answers), seen = 0;

	for (unsigned i = 0; i < 62 * STEPS; i++) {
		unsigned power = i < 2 * STEPS ? 0 : i / STEPS - 1;

		seen += load->times[i];
		if (seen > rank)
			return (double)((int64_t)(i - power * STEPS) << power) /
			       1e3;
	}
	return -1.0;
}

static void
hang_up(struct load *load, struct client *client)
{
	close(client->fd);
	client->fd = -1;
	load->closed++;
}

static void
ask(struct load *load, struct client *client, int64_t now)
{
	uint8_t out[DEPTH_MAX * REQUEST];
	size_t length = 0;

	while (client->flying < load->depth) {
		memcpy(out + length, load->question, REQUEST);
		out[length] = (uint8_t)(client->next >> 8);
		out[length + 1] = (uint8_t)client->next;
		client->sent[client->next % DEPTH_MAX] = now;
		client->next++;
		client->flying++;
		length += REQUEST;
	}
	if (length > 0 &&
	    send(client->fd, out, length, MSG_NOSIGNAL) != (ssize_t)length)
		hang_up(load, client);
}

/* Answers come in the order of the questions. */
static void
check(struct load *load, struct client *client, const uint8_t *frame,
    size_t size, int64_t now)
{
	unsigned expected = (uint16_t)(client->next - client->flying);
	bool ours = client->flying > 0 && frame[0] == expected >> 8 &&
	            frame[1] == (expected & 0xff) &&
	            memcmp(frame + 2, "\0\0\0", 3) == 0 &&
	            frame[6] == load->question[6];

	if (ours && frame[7] == load->question[7] &&
	    size == 9 + 2 * (size_t)load->count &&
	    frame[8] == 2 * load->count) {
		note(load, now - client->sent[expected % DEPTH_MAX]);
	} else if (ours && frame[7] == (load->question[7] | 0x80) &&
		   size == 9) {
		load->exceptions++;
	} else {
		load->wrong++;
	}
	if (client->flying > 0)
		client->flying--;
}

static void
on_ready(struct load *load, struct client *client)
{
	ssize_t got = recv(client->fd, client->in + client->length,
	    sizeof(client->in) - client->length, MSG_DONTWAIT);
	int64_t now = now_ns();
	size_t at = 0;

	if (got <= 0) {
		hang_up(load, client);
		return;
	}
	client->length += (size_t)got;
	while (client->length - at >= 9) {
		size_t size =
		    6 + ((size_t)client->in[at + 4] << 8 | client->in[at + 5]);

		if (client->length - at < size || size < 9)
			break;
		check(load, client, client->in + at, size, now);
		at += size;
	}
	client->length -= at;
	memmove(client->in, client->in + at, client->length);
	if (now < load->end_ns)
		ask(load, client, now);
}

static int
connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror("connect");
		exit(1);
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static struct client *
connect_all(const struct load *load, unsigned clients, int epoll)
{
	struct client *all = calloc(clients, sizeof(*all));

	for (unsigned i = 0; all != NULL && i < clients; i++) {
		struct epoll_event event = { .events = EPOLLIN,
			.data.ptr = &all[i] };

		all[i].fd = connect_to(load->port);
		epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
	}
	return all;
}

static double
own_cpu_s(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static void
run(struct load *load, unsigned clients, double seconds)
{
	struct epoll_event list[BATCH];
	int epoll = epoll_create1(0);
	struct client *all = connect_all(load, clients, epoll);
	int64_t begin = now_ns(), now;
	double cpu_s = own_cpu_s(), took_s;

	if (all == NULL)
		exit(1);
	load->end_ns = begin + (int64_t)(seconds * 1e9);
	for (unsigned i = 0; i < clients; i++)
		ask(load, &all[i], now_ns());
	while ((now = now_ns()) < load->end_ns && load->closed < clients) {
		int count = epoll_wait(epoll, list, BATCH,
		    (int)((load->end_ns - now) / 1000000) + 1);

		for (int i = 0; i < count; i++)
			on_ready(load, list[i].data.ptr);
	}
	took_s = (double)(now_ns() - begin) / 1e9;
	printf("{\"answers\":%llu,\"per_s\":%.1f,\"p50\":%.1f,\"p99\":%.1f,"
	       "\"exceptions\":%llu,\"wrong\":%llu,\"closed\":%llu,"
	       "\"own_cpu\":%.3f}\n",
	    (unsigned long long)load->answers, (double)load->answers / took_s,
	    percentile_us(load, 0.5), percentile_us(load, 0.99),
	    (unsigned long long)load->exceptions,
	    (unsigned long long)load->wrong, (unsigned long long)load->closed,
	    (own_cpu_s() - cpu_s) / took_s);
	free(all);
}

int
main(int argc, char **argv)
{
	static struct load load;
	struct rlimit limit;
	uint8_t *question = load.question;

	if (argc != 9 || atoi(argv[7]) < 1 || atoi(argv[7]) > DEPTH_MAX) {
		fputs("usage: tcp_load PORT UNIT FUNCTION ADDRESS COUNT "
		      "CLIENTS DEPTH SECONDS\n",
		    stderr);
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	load.port = atoi(argv[1]);
	load.count = (unsigned)atoi(argv[5]);
	load.depth = (unsigned)atoi(argv[7]);
	question[5] = 6;
	question[6] = (uint8_t)atoi(argv[2]);
	question[7] = (uint8_t)atoi(argv[3]);
	question[8] = (uint8_t)(atoi(argv[4]) >> 8);
	question[9] = (uint8_t)atoi(argv[4]);
	question[11] = (uint8_t)load.count;
	run(&load, (unsigned)atoi(argv[6]), atof(argv[8]));
	return 0;
}
