/* SPDX-License-Identifier: MIT */
/*
 * Reads registers once with libmodbus's client and prints one a line; what a
 * foreign program makes of a shown meter.
 *
 *   reader DEVICE BAUD UNIT FUNCTION ADDRESS COUNT
 */
#include <errno.h>
#include <modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	uint16_t registers[MODBUS_MAX_READ_REGISTERS];
	modbus_t *client;
	int address, count, got;

	if (argc != 7) {
		fprintf(stderr, "usage: reader DEVICE BAUD UNIT FUNCTION "
				"ADDRESS COUNT\n");
		return 64;
	}
	client = modbus_new_rtu(argv[1], atoi(argv[2]), 'N', 8, 1);
	address = atoi(argv[5]);
	count = atoi(argv[6]);
	if (client == NULL || modbus_set_slave(client, atoi(argv[3])) != 0 ||
	    modbus_connect(client) != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], modbus_strerror(errno));
		return 1;
	}
	got = strcmp(argv[4], "3") == 0
	          ? modbus_read_registers(client, address, count, registers)
	          : modbus_read_input_registers(
			client, address, count, registers);
	if (got != count) {
		fprintf(stderr, "%s\n", modbus_strerror(errno));
		return 1;
	}
	for (int i = 0; i < count; i++)
		printf("%u\n", registers[i]);
	modbus_free(client);
	return 0;
}
