/* SPDX-License-Identifier: MIT */
#include "web/slots.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	bool used;
	bool stream;
	int fd;
	struct mono deadline;
	struct in6_addr address;
};

struct slots {
	unsigned streams_max;
	unsigned streams_per_address;
	pthread_mutex_t mutex; /* guards the list */
	struct slot list[SLOTS_MAX];
};

struct slots *
slots_new(unsigned streams, unsigned streams_per_address)
{
	struct slots *slots = calloc(1, sizeof(*slots));

	if (slots == NULL)
		return NULL;
	slots->streams_max = streams;
	slots->streams_per_address = streams_per_address;
	pthread_mutex_init(&slots->mutex, NULL);
	return slots;
}

void
slots_free(struct slots *slots)
{
	pthread_mutex_destroy(&slots->mutex);
	free(slots);
}

static struct in6_addr
plain_address(const struct sockaddr *address)
{
	struct in6_addr plain = { 0 };
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (address->sa_family == AF_INET6) {
		memcpy(&six, address, sizeof(six));
		return six.sin6_addr;
	}
	if (address->sa_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		memcpy(&plain.s6_addr[12], &four.sin_addr, 4);
	}
	return plain;
}

struct slot *
slots_take(struct slots *slots, int fd, const struct sockaddr *address,
    struct mono now, int64_t deadline_ms)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&slots->mutex);
	for (unsigned i = 0; i < SLOTS_MAX && slot == NULL; i++) {
		if (!slots->list[i].used)
			slot = &slots->list[i];
	}
	if (slot != NULL) {
		slot->used = true;
		slot->stream = false;
		slot->fd = fd;
		slot->address = plain_address(address);
		slot->deadline = mono_add_ms(now, deadline_ms);
	}
	pthread_mutex_unlock(&slots->mutex);
	return slot;
}

void
slots_release(struct slots *slots, struct slot *slot)
{
	pthread_mutex_lock(&slots->mutex);
	slot->used = false;
	pthread_mutex_unlock(&slots->mutex);
}

void
slots_renew(struct slots *slots, struct slot *slot, struct mono now,
    int64_t deadline_ms)
{
	pthread_mutex_lock(&slots->mutex);
	slot->stream = false;
	slot->deadline = mono_add_ms(now, deadline_ms);
	pthread_mutex_unlock(&slots->mutex);
}

bool
slots_stream(struct slots *slots, struct slot *slot)
{
	unsigned all = 0, same = 0;

	pthread_mutex_lock(&slots->mutex);
	for (unsigned i = 0; i < SLOTS_MAX; i++) {
		const struct slot *other = &slots->list[i];

		if (!other->used || !other->stream)
			continue;
		all++;
		if (memcmp(&other->address, &slot->address,
			sizeof(slot->address)) == 0)
			same++;
	}
	slot->stream =
	    all < slots->streams_max && same < slots->streams_per_address;
	pthread_mutex_unlock(&slots->mutex);
	return slot->stream;
}

void
slots_sweep(struct slots *slots, struct mono now)
{
	pthread_mutex_lock(&slots->mutex);
	for (unsigned i = 0; i < SLOTS_MAX; i++) {
		struct slot *slot = &slots->list[i];

		if (slot->used && !slot->stream &&
		    mono_reached(now, slot->deadline))
			shutdown(slot->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&slots->mutex);
}
