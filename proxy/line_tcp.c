/* SPDX-License-Identifier: MIT */
/*
 * A device behind Modbus TCP. The address is numeric, so nothing is looked up;
 * connecting does not wait. One request is under way at a time, which every
 * device can take, and each has a number: an answer with another one is late,
 * whatever it looks like.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/network.h"
#include "proxy/crc.h"
#include "proxy/line_kind.h"
#include "proxy/mbap.h"

/* A device that is gone without a word is noticed in half a minute; requests
 * time out long before. */
static void
set_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 15 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 10000 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof(options[i].value));
}

static int
stream_open(struct line *line)
{
	struct sockaddr_storage address;
	socklen_t length = network_address(
	    &address, line->config->tcp, (uint16_t)line->config->port);
	int error;
	int fd = socket(
	    address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	set_options(fd);
	line->stream.length = 0;
	if (connect(fd, (const struct sockaddr *)&address, length) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		line->connecting = true;
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static const char *
stream_open_error(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused; is Modbus TCP switched on there";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "no way to that address";
	case ETIMEDOUT:
		return "nobody answers at that address";
	default:
		return "cannot be connected";
	}
}

static void
stream_close(struct line *line)
{
	close(line->fd);
}

/* Late answers are known by their number. */
static void
stream_drain(struct line *line)
{
	(void)line;
}

static bool
stream_send(struct line *line, const uint8_t *unit_and_pdu, size_t length)
{
	uint8_t frame[MBAP_FRAME_MAX];
	size_t size = MBAP_HEADER + length - 1;

	mbap_put_header(
	    frame, ++line->stream.transaction, unit_and_pdu[0], length - 1);
	memcpy(frame + MBAP_HEADER, unit_and_pdu + 1, length - 1);
	if (send(line->fd, frame, size, MSG_NOSIGNAL) == (ssize_t)size)
		return true;
	/* What comes after half a frame would be read as its rest. */
	(void)shutdown(line->fd, SHUT_RDWR);
	return false;
}

static void
give_out(struct line *line, const struct mbap_frame *from)
{
	uint8_t adu[RTU_ADU_MAX];
	struct rtu_frame frame = { .adu = adu, .length = from->length + 3 };

	adu[0] = from->unit;
	memcpy(adu + 1, from->pdu, from->length);
	crc_append(adu, from->length + 1);
	line->rtu.frames++;
	if (from->transaction == line->stream.transaction)
		line->calls->frame(line->owner, &frame, line->last_byte);
	else if (line->calls->stray != NULL)
		line->calls->stray(line->owner, &frame, line->last_byte);
}

static enum line_got
stream_receive(struct line *line)
{
	struct line_stream *stream = &line->stream;
	enum mbap_verdict verdict;
	struct mbap_frame frame;
	size_t at = 0;
	ssize_t got = recv(line->fd, stream->bytes + stream->length,
	    sizeof(stream->bytes) - stream->length, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return LINE_NOTHING;
	if (got <= 0)
		return LINE_LOST;
	line->last_byte = clock_now();
	line->counts.bytes += (uint64_t)got;
	stream->length += (size_t)got;
	while ((verdict = mbap_parse(stream->bytes + at, stream->length - at,
		    &frame)) == MBAP_FRAME) {
		give_out(line, &frame);
		at += frame.size;
	}
	stream->length -= at;
	memmove(stream->bytes, stream->bytes + at, stream->length);
	return verdict == MBAP_BAD ? LINE_LOST : LINE_BYTES;
}

const struct line_kind *
line_tcp_kind(void)
{
	static const struct line_kind kind = {
		.open = stream_open,
		.close = stream_close,
		.send = stream_send,
		.drain = stream_drain,
		.receive = stream_receive,
		.open_error = stream_open_error,
	};

	return &kind;
}
