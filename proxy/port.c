/* SPDX-License-Identifier: MIT */
#include "proxy/port.h"

#include <errno.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool
port_init(struct port *port, const char *path, uint32_t baud,
    const char *format, bool rs485)
{
	*port = (struct port){ .path = path, .rs485 = rs485 };
	port->modbus = modbus_new_rtu(
	    path, (int)baud, format[1], format[0] - '0', format[2] - '0');
	return port->modbus != NULL;
}

void
port_free(struct port *port)
{
	modbus_free(port->modbus);
	port->modbus = NULL;
}

/* An FTDI adapter holds received bytes back for up to 16 ms unless told not
 * to; drivers without the setting (and pseudo-terminals) say ENOTTY. */
static bool
set_low_latency(int fd)
{
	struct serial_struct serial;

	if (ioctl(fd, TIOCGSERIAL, &serial) != 0)
		return false;
	serial.flags = (int)((unsigned)serial.flags | ASYNC_LOW_LATENCY);
	return ioctl(fd, TIOCSSERIAL, &serial) == 0;
}

/* libmodbus asks for VMIN 0, where reading nothing gives 0 and looks like a
 * hang-up. With 1 it is EAGAIN. It also takes any baud rate it does not know
 * for 9600 without a word; the configuration allows none of those. */
static void
set_read_minimum(int fd)
{
	struct termios tty;

	if (tcgetattr(fd, &tty) != 0)
		return;
	tty.c_cc[VMIN] = 1;
	tcsetattr(fd, TCSANOW, &tty);
}

static bool
set_rs485(int fd)
{
	struct serial_rs485 rs485 = { .flags = SER_RS485_ENABLED |
		                               SER_RS485_RTS_ON_SEND };

	return ioctl(fd, TIOCSRS485, &rs485) == 0;
}

int
port_open(struct port *port)
{
	int fd, error;

	if (modbus_connect(port->modbus) != 0)
		return -1;
	fd = modbus_get_socket(port->modbus);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		error = errno;
		port_close(port);
		errno = error;
		return -1;
	}
	(void)ioctl(fd, TIOCEXCL);
	set_read_minimum(fd);
	port->low_latency = set_low_latency(fd);
	port->rs485_refused = port->rs485 && !set_rs485(fd);
	tcflush(fd, TCIOFLUSH);
	return fd;
}

void
port_close(struct port *port)
{
	/* Closing a UART waits for its output to drain, up to 30 s. */
	tcflush(modbus_get_socket(port->modbus), TCOFLUSH);
	modbus_close(port->modbus);
}

bool
port_send(struct port *port, const uint8_t *unit_and_pdu, size_t length)
{
	/* libmodbus declares its input writable, though it only reads it. */
	union {
		const uint8_t *in;
		uint8_t *out;
	} bytes = { .in = unit_and_pdu };

	if (modbus_send_raw_request(port->modbus, bytes.out, (int)length) >= 0)
		return true;
	tcflush(modbus_get_socket(port->modbus), TCOFLUSH);
	return false;
}

unsigned
port_character_bits(const char *format)
{
	unsigned bits = 1 + (unsigned)(format[0] - '0');

	bits += format[1] == 'N' ? 0 : 1;
	return bits + (unsigned)(format[2] - '0');
}
