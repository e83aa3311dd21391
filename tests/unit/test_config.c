/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/config.h"
#include "tests/config/broken.h"

static bool
load(const char *file, char *error, unsigned size, const char **broken)
{
	struct config *config = config_load(file, error, size);
	if (config == NULL)
		return false;
	*broken = holds_config(config);
	config_free(config);
	return true;
}

static struct config *
load_good(const char *file)
{
	char error[512] = "";
	struct config *config = config_load(file, error, sizeof(error));
	if (config == NULL)
		fail_msg("%s", error);
	assert_null(holds_config(config));
	return config;
}

static void
every_key_is_read(void **unused)
{
	struct config *config = load_good("tests/config/good/flow.yaml");
	assert_string_equal(config->site->name, "Our house");
	assert_int_equal(config->site->fuse_a, 25);
	assert_int_equal(config->site->phases, 1);
	assert_int_equal(config->lines_count, 2);
	assert_string_equal(config->lines[1].name, "inv1");
	assert_string_equal(config->lines[1].serial, "/dev/ttyB");
	assert_int_equal(config->lines[1].baud, 2400);
	assert_string_equal(config->lines[1].format, "8N2");
	const struct config_device *device = &config->devices[0];
	assert_int_equal(config->devices_count, 1);
	assert_int_equal(device->role, ROLE_GRID_METER);
	assert_int_equal(device->unit, 7);
	assert_string_equal(device->map, "eastron-sdm630");
	assert_int_equal(device->poll_ms, 100);
	assert_int_equal(device->timeout_ms, 150);
	assert_int_equal(device->line_index, 0);
	const struct config_shown *shown = &config->shown[0];
	assert_int_equal(config->shown_count, 1);
	assert_string_equal(shown->name, "solis-meter");
	assert_int_equal(shown->unit, 16);
	assert_int_equal(shown->phases, PHASES_L2);
	assert_int_equal(shown->line_index, 1);
	assert_int_equal(shown->source_index, 0);
	assert_int_equal(shown->max_age_ms, 1000);
	assert_int_equal(shown->limit_w, 0);
	assert_int_equal(shown->slew_w_per_s, 500);
	assert_int_equal(shown->reply_delay_us, 4000);
	assert_int_equal(shown->max_reply_age_ms, 90);
	assert_string_equal(config->storage->path, "history.db");
	assert_int_equal(config->storage->commit_s, 2);
	assert_string_equal(config->web->listen, "::1");
	assert_int_equal(config->web->port, 0);
	assert_non_null(config->web->password_file);
	config_free(config);
}

static void
every_key_of_modbus_tcp_is_read(void **unused)
{
	struct config *config = load_good("tests/config/good/flow.yaml");
	const struct config_modbus_tcp *tcp = config->modbus_tcp;
	assert_string_equal(tcp->listen, "0.0.0.0");
	assert_int_equal(tcp->port, 502);
	assert_int_equal(tcp->connections_max, 2048);
	assert_int_equal(tcp->idle_s, 60);
	assert_int_equal(tcp->allow_from_count, 3);
	assert_int_equal(tcp->networks[0].bits, 96 + 24);
	assert_int_equal(tcp->networks[1].bits, 8);
	assert_int_equal(tcp->networks[2].bits, 128);
	assert_int_equal(tcp->units_count, 3);
	assert_int_equal(tcp->units[0].unit, 0);
	assert_int_equal(tcp->units[0].target, TARGET_BOX);
	assert_int_equal(tcp->units[1].target, TARGET_DEVICE);
	assert_int_equal(tcp->units[1].index, 0);
	assert_int_equal(tcp->units[1].write, WRITE_ALLOW);
	assert_int_equal(tcp->units[1].write_ranges_count, 2);
	assert_int_equal(tcp->units[1].write_ranges[0].first, 0xa000);
	assert_int_equal(tcp->units[1].write_ranges[0].last, 0xa00f);
	assert_int_equal(tcp->units[2].unit, 255);
	assert_int_equal(tcp->units[2].target, TARGET_SHOWN);
	assert_int_equal(tcp->units[2].write, WRITE_DENY);
	config_free(config);
}

static void
modbus_tcp_has_defaults_and_may_be_left_out(void **unused)
{
	struct config *without = load_good("tests/config/good/least.yaml");
	assert_null(without->modbus_tcp);
	config_free(without);
	struct config *config = load_good("tests/config/good/tcp.yaml");
	const struct config_modbus_tcp *tcp = config->modbus_tcp;
	assert_string_equal(tcp->listen, "127.0.0.1");
	assert_int_equal(tcp->port, 1502);
	assert_int_equal(tcp->connections_max, 1024);
	assert_int_equal(tcp->idle_s, 300);
	assert_int_equal(tcp->allow_from_count, 0);
	assert_int_equal(tcp->units[0].write, WRITE_DENY);
	config_free(config);
}

static void
what_is_left_out_has_its_default(void **unused)
{
	struct config *config = load_good("tests/config/good/least.yaml");
	assert_string_equal(config->site->name, "home");
	assert_int_equal(config->site->fuse_a, 63);
	assert_int_equal(config->site->phases, 3);
	assert_int_equal(config->lines[0].baud, 9600);
	assert_string_equal(config->lines[0].format, "8N1");
	assert_int_equal(config->devices[0].poll_ms, 200);
	assert_int_equal(config->devices[0].timeout_ms, 200);
	const struct config_shown *shown = &config->shown[0];
	assert_int_equal(shown->mode, SHOWN_EMULATE);
	assert_int_equal(shown->on_stale, STALE_SILENT);
	assert_int_equal(shown->phases, PHASES_ALL);
	assert_int_equal(shown->limit_w, 3000);
	assert_int_equal(shown->max_age_ms, 1500);
	assert_int_equal(shown->slew_w_per_s, 1000);
	assert_int_equal(shown->reply_delay_us, 0);
	assert_int_equal(shown->max_reply_age_ms, 150);
	assert_int_equal(config->policy->mode, POLICY_TRANSPARENT);
	assert_string_equal(
	    config->storage->path, "/var/lib/gridshim/history.db");
	assert_int_equal(config->storage->commit_s, 5);
	assert_string_equal(config->web->listen, "127.0.0.1");
	assert_int_equal(config->web->port, 8080);
	assert_null(config->web->password_file);
	config_free(config);
}

static void
a_meter_alone_is_a_configuration(void **unused)
{
	struct config *config = load_good("tests/config/good/meter-only.yaml");
	assert_int_equal(config->shown_count, 0);
	config_free(config);
}

static void
names_lead_to_their_entries(void **unused)
{
	struct config *config = load_good("tests/config/good/two.yaml");
	assert_int_equal(config->devices[1].line_index, 0);
	assert_int_equal(config->shown[0].line_index, 2);
	assert_int_equal(config->shown[0].source_index, 1);
	assert_int_equal(config->shown[1].line_index, 1);
	assert_int_equal(config->shown[1].source_index, 0);
	config_free(config);
}

/* The example spells out the defaults; it must not drift away from them. */
static void
the_example_is_good_and_states_the_defaults(void **unused)
{
	struct config *example = load_good("etc/gridshim.yaml");
	struct config *least = load_good("tests/config/good/least.yaml");
	const struct config_shown *a = &example->shown[0];
	const struct config_shown *b = &least->shown[0];
	assert_string_equal(example->site->name, least->site->name);
	assert_memory_equal(&example->site->fuse_a, &least->site->fuse_a,
	    sizeof(least->site->fuse_a));
	assert_int_equal(example->lines[0].baud, least->lines[0].baud);
	assert_string_equal(example->lines[0].format, least->lines[0].format);
	assert_int_equal(
	    example->devices[0].poll_ms, least->devices[0].poll_ms);
	assert_int_equal(
	    example->devices[0].timeout_ms, least->devices[0].timeout_ms);
	assert_int_equal(a->max_age_ms, b->max_age_ms);
	assert_int_equal(a->slew_w_per_s, b->slew_w_per_s);
	assert_int_equal(a->reply_delay_us, b->reply_delay_us);
	assert_int_equal(a->max_reply_age_ms, b->max_reply_age_ms);
	assert_string_equal(example->storage->path, least->storage->path);
	assert_int_equal(example->storage->commit_s, least->storage->commit_s);
	assert_string_equal(example->web->listen, least->web->listen);
	assert_int_equal(example->web->port, least->web->port);
	config_free(least);
	config_free(example);
}

static void
every_broken_file_is_refused_at_its_place(void **unused)
{
	int count = broken_check_folder("tests/config/broken", load);
	assert_true(count >= 100);
}

static void
a_file_broken_anywhere_loads_whole_or_names_a_place(void **unused)
{
	assert_true(broken_check_mutations("etc/gridshim.yaml", load, 4000));
	assert_true(
	    broken_check_mutations("tests/config/good/flow.yaml", load, 8000));
}

static void
free_takes_null(void **unused)
{
	config_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(every_key_of_modbus_tcp_is_read),
		cmocka_unit_test(modbus_tcp_has_defaults_and_may_be_left_out),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(a_meter_alone_is_a_configuration),
		cmocka_unit_test(names_lead_to_their_entries),
		cmocka_unit_test(the_example_is_good_and_states_the_defaults),
		cmocka_unit_test(every_broken_file_is_refused_at_its_place),
		cmocka_unit_test(
		    a_file_broken_anywhere_loads_whole_or_names_a_place),
		cmocka_unit_test(free_takes_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
