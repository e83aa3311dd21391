/* SPDX-License-Identifier: MIT */
#include "gateway/config_tcp.h"

#include <stdio.h>
#include <string.h>

struct check {
	const struct config *config;
	struct config_modbus_tcp *tcp;
	struct yaml_file *file;
	char block[48]; /* "modbus_tcp.units[0]" */
};

#define REFUSE(check, key, ...)                                                \
	yaml_file_refuse((check)->file, (check)->block, key, __VA_ARGS__)

static void
enter(struct check *check, const char *list, unsigned index)
{
	snprintf(check->block, sizeof(check->block), "modbus_tcp.%s[%u]", list,
	    index);
}

/* --- who may connect ------------------------------------------------------
 */

static bool
check_networks(struct check *check)
{
	struct config_modbus_tcp *tcp = check->tcp;

	for (unsigned i = 0; i < tcp->allow_from_count; i++) {
		const char *wrong =
		    network_parse(&tcp->networks[i], tcp->allow_from[i]);

		enter(check, "allow_from", i);
		if (wrong != NULL)
			return REFUSE(check, NULL,
			    "'%s' %s; write a network such as 192.168.1.0/24",
			    tcp->allow_from[i], wrong);
	}
	return true;
}

static bool
check_listen(struct check *check)
{
	const struct config_modbus_tcp *tcp = check->tcp;
	const struct config_web *web = check->config->web;
	enum network_reach reach = network_reach(tcp->listen);

	snprintf(check->block, sizeof(check->block), "modbus_tcp");
	if (reach == NETWORK_NONE)
		return REFUSE(check, "listen",
		    "listen must be a numeric address such as 127.0.0.1 or "
		    "::1");
	if (reach == NETWORK_BEYOND && tcp->allow_from_count == 0)
		return REFUSE(check, "listen",
		    "Modbus TCP has no login; beyond loopback say who may "
		    "connect: allow_from: [192.168.1.0/24]");
	if (web->port == tcp->port && strcmp(web->listen, tcp->listen) == 0)
		return REFUSE(
		    check, "port", "port %u is the page's already", tcp->port);
	return true;
}

/* --- units ----------------------------------------------------------------
 */

/* No name is a device's and a shown meter's at once. */
static bool
find_target(struct check *check, struct config_unit *unit)
{
	const struct config *config = check->config;

	for (unsigned i = 0; unit->device != NULL && i < config->devices_count;
	     i++)
		if (strcmp(config->devices[i].name, unit->device) == 0) {
			unit->target = TARGET_DEVICE;
			unit->index = i;
			return true;
		}
	for (unsigned i = 0; unit->shown != NULL && i < config->shown_count;
	     i++)
		if (strcmp(config->shown[i].name, unit->shown) == 0) {
			unit->target = TARGET_SHOWN;
			unit->index = i;
			return true;
		}
	if (unit->device != NULL)
		return REFUSE(
		    check, "device", "unknown device '%s'", unit->device);
	return REFUSE(check, "shown", "unknown shown meter '%s'", unit->shown);
}

static bool
check_target(struct check *check, struct config_unit *unit)
{
	int targets = (unit->device != NULL) + (unit->shown != NULL) +
	              (unit->box == FLAG_TRUE);

	if (targets != 1)
		return REFUSE(check, NULL,
		    "a unit needs exactly one of device, shown, box: true");
	unit->target = TARGET_BOX;
	return unit->box == FLAG_TRUE || find_target(check, unit);
}

static bool
check_write(struct check *check, const struct config_unit *unit)
{
	if (unit->write == WRITE_ALLOW && unit->target != TARGET_DEVICE)
		return REFUSE(
		    check, "write", "only a device can be written to");
	if (unit->write == WRITE_DENY && unit->write_ranges_count > 0)
		return REFUSE(check, "write_ranges",
		    "write_ranges narrows write: allow, which is missing");
	for (unsigned i = 0; i < unit->write_ranges_count; i++) {
		const struct config_range *range = &unit->write_ranges[i];

		if (range->first <= range->last && range->last <= 65535)
			continue;
		return REFUSE(check, "write_ranges",
		    "range %u .. %u: first may not be above last, nor last "
		    "above 65535",
		    range->first, range->last);
	}
	return true;
}

static bool
check_unit(struct check *check, unsigned index)
{
	struct config_unit *units = check->tcp->units;

	enter(check, "units", index);
	for (unsigned i = 0; i < index; i++)
		if (units[i].unit == units[index].unit)
			return REFUSE(check, "unit", "unit %u is there already",
			    units[i].unit);
	return check_target(check, &units[index]) &&
	       check_write(check, &units[index]);
}

bool
config_tcp_check(struct config *config, struct yaml_file *file)
{
	struct check check = {
		.config = config,
		.tcp = config->modbus_tcp,
		.file = file,
	};

	if (config->modbus_tcp == NULL)
		return true;
	if (!check_listen(&check) || !check_networks(&check))
		return false;
	for (unsigned i = 0; i < config->modbus_tcp->units_count; i++)
		if (!check_unit(&check, i))
			return false;
	return true;
}
