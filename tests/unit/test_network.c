/* SPDX-License-Identifier: MIT */
#include "gateway/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *network;
	const char *address;
	bool held;
} rows[] = {
	{ "192.168.1.0/24", "192.168.1.0", true },
	{ "192.168.1.0/24", "192.168.1.255", true },
	{ "192.168.1.0/24", "192.168.2.0", false },
	{ "192.168.1.0/24", "192.168.0.255", false },
	{ "192.168.1.128/25", "192.168.1.127", false },
	{ "192.168.1.128/25", "192.168.1.128", true },
	{ "10.0.0.9", "10.0.0.9", true },
	{ "10.0.0.9", "10.0.0.8", false },
	{ "10.0.0.9/32", "10.0.0.11", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "::1", false },
	{ "::/0", "10.0.0.9", true },
	{ "fd00::/8", "fd12::1", true },
	{ "fd00::/8", "fe00::1", false },
	{ "::1", "::1", true },
	{ "::1", "::2", false },
	/* A client of a socket for both comes as this. */
	{ "192.168.1.0/24", "::ffff:192.168.1.7", true },
	{ "192.168.1.0/24", "::ffff:192.168.2.7", false },
};

static const struct bad {
	const char *text;
	const char *reason;
} bads[] = {
	{ "", "is no numeric address" },
	{ "/8", "is no numeric address" },
	{ "localhost", "is no numeric address" },
	{ "10.0.0", "is no numeric address" },
	{ "10.0.0.0/", "has no good number of bits behind /" },
	{ "10.0.0.0/33", "has no good number of bits behind /" },
	{ "10.0.0.0/-1", "has no good number of bits behind /" },
	{ "10.0.0.0/ 8", "has no good number of bits behind /" },
	{ "10.0.0.0/8/8", "has no good number of bits behind /" },
	{ "10.0.0.0/0008", "has no good number of bits behind /" },
	{ "::/129", "has no good number of bits behind /" },
	{ "10.0.0.1/8", "has bits set beyond its length" },
	{ "fd00::/7", "has bits set beyond its length" },
};

static void
a_network_holds_its_own(void **unused)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct network network;
		struct sockaddr_storage address;

		assert_null(network_parse(&network, rows[i].network));
		assert_true(
		    network_address(&address, rows[i].address, 502) > 0);
		if (network_holds(&network, (struct sockaddr *)&address) !=
		    rows[i].held)
			fail_msg("%s, %s", rows[i].network, rows[i].address);
	}
}

static void
what_is_no_network_is_refused(void **unused)
{
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct network network;
		const char *wrong = network_parse(&network, bads[i].text);

		if (wrong == NULL || strcmp(wrong, bads[i].reason) != 0)
			fail_msg("%s: %s", bads[i].text,
			    wrong != NULL ? wrong : "taken");
	}
}

static void
other_families_are_in_no_network(void **unused)
{
	struct sockaddr address = { .sa_family = AF_UNIX };
	struct network network;

	assert_null(network_parse(&network, "::/0"));
	assert_false(network_holds(&network, &address));
}

static void
only_loopback_is_loopback(void **unused)
{
	assert_int_equal(network_reach("127.0.0.1"), NETWORK_LOOPBACK);
	assert_int_equal(network_reach("127.9.9.9"), NETWORK_LOOPBACK);
	assert_int_equal(network_reach("::1"), NETWORK_LOOPBACK);
	assert_int_equal(network_reach("0.0.0.0"), NETWORK_BEYOND);
	assert_int_equal(network_reach("128.0.0.1"), NETWORK_BEYOND);
	assert_int_equal(network_reach("::"), NETWORK_BEYOND);
	assert_int_equal(network_reach("::ffff:127.0.0.1"), NETWORK_BEYOND);
	assert_int_equal(network_reach("127.1"), NETWORK_NONE);
	assert_int_equal(network_reach(""), NETWORK_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_holds_its_own),
		cmocka_unit_test(what_is_no_network_is_refused),
		cmocka_unit_test(other_families_are_in_no_network),
		cmocka_unit_test(only_loopback_is_loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
