/* SPDX-License-Identifier: MIT */
#include "gateway/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED_BITS = 96 };

static void
map_v4(uint8_t mapped[16], const void *v4)
{
	memset(mapped, 0, 10);
	memset(mapped + 10, 0xff, 2);
	memcpy(mapped + 12, v4, 4);
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool
parse_bits(const char *text, unsigned max, unsigned *bits)
{
	if (text[0] == '\0' || strlen(text) > 3 ||
	    text[strspn(text, "0123456789")] != '\0')
		return false;
	*bits = (unsigned)strtoul(text, NULL, 10);
	return *bits <= max;
}

const char *
network_parse(struct network *network, const char *text)
{
	char address[64];
	uint8_t v4[4], masked[16] = { 0 };
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned bits, above = 0;

	if (length >= sizeof(address))
		return "is no numeric address";
	memcpy(address, text, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, v4) == 1) {
		map_v4(network->address, v4);
		above = MAPPED_BITS;
	} else if (inet_pton(AF_INET6, address, network->address) != 1) {
		return "is no numeric address";
	}
	bits = 128 - above;
	if (slash != NULL && !parse_bits(slash + 1, bits, &bits))
		return "has no good number of bits behind /";
	network->bits = above + bits;
	for (unsigned i = 0; i < network->bits; i++)
		masked[i / 8] |=
		    (uint8_t)(network->address[i / 8] & 0x80 >> i % 8);
	if (memcmp(masked, network->address, sizeof(masked)) != 0)
		return "has bits set beyond its length";
	return NULL;
}

bool
network_holds(const struct network *network, const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	uint8_t bytes[16];

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		map_v4(bytes, &v4.sin_addr);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		memcpy(bytes, &v6.sin6_addr, sizeof(bytes));
	} else {
		return false;
	}
	return same_bits(bytes, network->address, network->bits);
}

enum network_reach
network_reach(const char *text)
{
	struct in_addr v4;
	struct in6_addr v6;
	bool loopback;

	if (inet_pton(AF_INET, text, &v4) == 1)
		loopback = ntohl(v4.s_addr) >> 24 == 127;
	else if (inet_pton(AF_INET6, text, &v6) == 1)
		loopback = memcmp(&v6, &in6addr_loopback, sizeof(v6)) == 0;
	else
		return NETWORK_NONE;
	return loopback ? NETWORK_LOOPBACK : NETWORK_BEYOND;
}

socklen_t
network_address(
    struct sockaddr_storage *address, const char *text, uint16_t port)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(address, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
		memcpy(address, &v6, sizeof(v6));
		return sizeof(v6);
	}
	return 0;
}
