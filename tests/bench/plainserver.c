/* SPDX-License-Identifier: MIT */
/*
 * The least one would write around libmodbus to answer from memory on a serial
 * line: the yardstick beside which gridshim's reply time is shown.
 *
 *   plainserver DEVICE BAUD UNIT
 */
#include <errno.h>
#include <modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
	modbus_mapping_t *map = modbus_mapping_new(0, 0, 256, 256);
	modbus_t *server;
	int length;

	if (argc != 4 || map == NULL) {
		fprintf(stderr, "usage: plainserver DEVICE BAUD UNIT\n");
		return 64;
	}
	server = modbus_new_rtu(argv[1], atoi(argv[2]), 'N', 8, 1);
	if (server == NULL || modbus_set_slave(server, atoi(argv[3])) != 0 ||
	    modbus_connect(server) != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], modbus_strerror(errno));
		return 1;
	}
	for (;;) {
		length = modbus_receive(server, query);
		if (length > 0)
			modbus_reply(server, query, length, map);
	}
}
