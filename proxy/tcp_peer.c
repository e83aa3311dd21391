/* SPDX-License-Identifier: MIT */
#include "proxy/tcp_peer.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct mono never;

/* --- out ------------------------------------------------------------------ */

static bool
has_room(const struct tcp_peer *peer)
{
	return sizeof(peer->out) - peer->out_length >= MBAP_FRAME_MAX;
}

/* Replies wait for the client to read: no new ones are made. */
static bool
is_stuck(const struct tcp_peer *peer)
{
	return mono_is_set(peer->stuck_since);
}

/* The PDU must be in its place behind the header already. */
static void
finish_reply(struct tcp_peer *peer, uint16_t transaction, uint8_t unit,
    size_t pdu_length)
{
	mbap_put_header(
	    peer->out + peer->out_length, transaction, unit, pdu_length);
	peer->out_length += MBAP_HEADER + pdu_length;
}

/* False: the connection is broken. */
static bool
send_out(struct tcp_peer *peer, struct mono now)
{
	size_t left = peer->out_length - peer->out_begin;
	ssize_t sent;

	if (left == 0)
		return true;
	sent = send(peer->fd, peer->out + peer->out_begin, left, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		return false;
	if (sent == (ssize_t)left) {
		peer->out_begin = peer->out_length = 0;
		peer->stuck_since = never;
		return true;
	}
	if (sent > 0)
		peer->out_begin += (size_t)sent;
	if (!is_stuck(peer))
		peer->stuck_since = now;
	return true;
}

/* --- in ------------------------------------------------------------------- */

static void
ask(struct tcp_peer *peer, const struct mbap_frame *frame, struct mono now)
{
	uint8_t *reply = peer->out + peer->out_length + MBAP_HEADER;
	size_t length;

	if (relay_ask(
		peer->home->relay, &peer->client, frame, now, reply, &length)) {
		finish_reply(peer, frame->transaction, frame->unit, length);
		return;
	}
	peer->waiting = true;
	peer->transaction = frame->transaction;
	peer->unit = frame->unit;
}

/* What is left of a stream after a broken rule means nothing. */
static void
give_up_reading(struct tcp_peer *peer)
{
	peer->ended = true;
	peer->in_length = 0;
	peer->home->relay->box.counts.closed_broken++;
}

static void
note_half_frame(struct tcp_peer *peer, bool same_as_before, struct mono now)
{
	if (peer->waiting || peer->in_length == 0)
		peer->half_since = never;
	else if (!same_as_before || !mono_is_set(peer->half_since))
		peer->half_since = now;
}

/* Goes through the requests that are there. True: there may be more, but no
 * room for replies. */
static bool
answer_requests(struct tcp_peer *peer, struct mono now)
{
	enum mbap_verdict verdict = MBAP_MORE;
	struct mbap_frame frame;
	size_t at = 0;

	while (!peer->waiting && has_room(peer)) {
		verdict =
		    mbap_parse(peer->in + at, peer->in_length - at, &frame);
		if (verdict != MBAP_FRAME)
			break;
		ask(peer, &frame, now);
		at += frame.size;
	}
	peer->in_length -= at;
	if (at > 0 && peer->in_length > 0)
		memmove(peer->in, peer->in + at, peer->in_length);
	if (verdict == MBAP_BAD)
		give_up_reading(peer);
	note_half_frame(peer, at == 0, now);
	return verdict == MBAP_FRAME && !peer->waiting;
}

/* False: the connection is broken. */
static bool
receive(struct tcp_peer *peer, struct mono now)
{
	ssize_t got = recv(peer->fd, peer->in + peer->in_length,
	    sizeof(peer->in) - peer->in_length, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		peer->ended = true;
	peer->in_length += (size_t)got;
	peer->heard = now;
	return true;
}

/* --- both ----------------------------------------------------------------- */

static void
set_interest(struct tcp_peer *peer)
{
	struct epoll_event event = { .data.ptr = peer };

	if (peer->out_length > 0)
		event.events = EPOLLOUT;
	else if (!peer->ended && peer->in_length < sizeof(peer->in))
		event.events = EPOLLIN;
	if (event.events == peer->interest)
		return;
	peer->interest = event.events;
	/* Cannot fail: the descriptor is there, and no memory is needed. */
	epoll_ctl(peer->home->epoll_fd, EPOLL_CTL_MOD, peer->fd, &event);
}

static void
go_on(struct tcp_peer *peer, struct mono now)
{
	bool more = true;

	while (more && !is_stuck(peer)) {
		more = answer_requests(peer, now);
		if (!send_out(peer, now)) {
			tcp_peer_close(peer);
			return;
		}
	}
	if (peer->ended && !peer->waiting && peer->out_length == 0)
		tcp_peer_close(peer);
	else
		set_interest(peer);
}

void
tcp_peer_ready(struct tcp_peer *peer, uint32_t events, struct mono now)
{
	/* Without reading, or after its end, only a reset can come. */
	bool good = (events & (EPOLLERR | EPOLLHUP)) == 0 ||
	            (peer->interest & EPOLLIN) != 0;

	if (good && (events & EPOLLOUT) != 0)
		good = send_out(peer, now);
	if (good && (peer->interest & EPOLLIN) != 0)
		good = receive(peer, now);
	if (good)
		go_on(peer, now);
	else
		tcp_peer_close(peer);
}

static void
on_answered(struct relay_client *client, const uint8_t *pdu, size_t length)
{
	struct tcp_peer *peer = client->owner;
	struct mono now = clock_now();

	assert(peer->waiting && length <= PDU_MAX && has_room(peer));
	peer->waiting = false;
	memcpy(peer->out + peer->out_length + MBAP_HEADER, pdu, length);
	finish_reply(peer, peer->transaction, peer->unit, length);
	peer->heard = now;
	go_on(peer, now);
}

bool
tcp_peer_overdue(const struct tcp_peer *peer, struct mono now)
{
	const struct tcp_peer_home *home = peer->home;

	if (is_stuck(peer))
		return mono_diff_us(now, peer->stuck_since) > home->slow_us;
	if (mono_is_set(peer->half_since) &&
	    mono_diff_us(now, peer->half_since) > home->slow_us)
		return true;
	return !peer->waiting && mono_diff_us(now, peer->heard) > home->idle_us;
}

bool
tcp_peer_open(struct tcp_peer *peer, const struct tcp_peer_home *home, int fd,
    struct mono now)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

	if (epoll_ctl(home->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return false;
	/* All but the buffers. */
	memset(peer, 0, offsetof(struct tcp_peer, in));
	peer->home = home;
	peer->fd = fd;
	peer->interest = EPOLLIN;
	peer->heard = now;
	peer->client.answered = on_answered;
	peer->client.owner = peer;
	return true;
}

void
tcp_peer_close(struct tcp_peer *peer)
{
	relay_forget(&peer->client);
	close(peer->fd);
	peer->fd = -1;
	peer->home->closed(peer->home->owner, peer);
}
