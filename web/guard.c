/* SPDX-License-Identifier: MIT */
#include "web/guard.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_SIZE = 256 };

static bool
port_ok(const char *port)
{
	size_t digits = strspn(port, "0123456789");

	return digits > 0 && digits <= 5 && port[digits] == '\0';
}

/* Splits the port off and takes the brackets from an IPv6 address. */
static bool
host_name(const char *host, char name[static NAME_SIZE])
{
	const char *end, *rest;
	bool bracket = *host == '[';

	if (bracket)
		host++;
	end = bracket ? strchr(host, ']') : strchrnul(host, ':');
	if (end == NULL || end == host || end - host >= NAME_SIZE)
		return false;
	rest = bracket ? end + 1 : end;
	if (*rest != '\0' && (*rest != ':' || !port_ok(rest + 1)))
		return false;
	memcpy(name, host, (size_t)(end - host));
	name[end - host] = '\0';
	return true;
}

static bool
is_loopback(const char *name)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcasecmp(name, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, name, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, name, &six) == 1 &&
	       memcmp(&six, &in6addr_loopback, sizeof(six)) == 0;
}

static bool
is_address(const char *name)
{
	struct in6_addr six;
	struct in_addr four;

	return inet_pton(AF_INET, name, &four) == 1 ||
	       inet_pton(AF_INET6, name, &six) == 1;
}

static bool
is_box(const char *name, const char *box_name)
{
	size_t length = strlen(box_name);

	return length > 0 && strncasecmp(name, box_name, length) == 0 &&
	       (name[length] == '\0' ||
		   strcasecmp(name + length, ".local") == 0);
}

bool
guard_host(const char *host, const char *listen, const char *box_name)
{
	char name[NAME_SIZE];

	if (host == NULL || !host_name(host, name))
		return false;
	if (is_loopback(name) || strcasecmp(name, listen) == 0)
		return true;
	if (strcmp(listen, "0.0.0.0") != 0 && strcmp(listen, "::") != 0)
		return false;
	return is_address(name) || is_box(name, box_name);
}

bool
guard_origin(const char *origin, const char *host)
{
	static const char *const schemes[] = { "http://", "https://" };

	if (origin == NULL)
		return true;
	if (host == NULL)
		return false;
	for (unsigned i = 0; i < 2; i++) {
		size_t length = strlen(schemes[i]);

		if (strncasecmp(origin, schemes[i], length) == 0 &&
		    strcasecmp(origin + length, host) == 0)
			return true;
	}
	return false;
}

bool
guard_json(const char *content_type)
{
	static const char json[] = "application/json";
	size_t length = sizeof(json) - 1;

	return content_type != NULL &&
	       strncasecmp(content_type, json, length) == 0 &&
	       (content_type[length] == '\0' || content_type[length] == ';' ||
		   content_type[length] == ' ');
}
