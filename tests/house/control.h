/* SPDX-License-Identifier: MIT */
/*
 * Commands to a running house, one a connection, on the Unix socket
 * DIR/control. The answer is "ok", one line of JSON, or "error: why".
 */
#ifndef HOUSE_CONTROL_H
#define HOUSE_CONTROL_H

#include <stdbool.h>

#include "tests/house/house.h"

/* A listening socket, or -1: reason on stderr. */
int control_listen(const char *dir);
void control_close(const char *dir, int fd);

/* Takes one connection and does what it says. True: it said quit. */
bool control_serve(int fd, struct house *house);

/* The other side: sends the command, prints the answer. The exit code. */
int control_tell(const char *dir, const char *command);

/* What can be said, for the usage text. */
void control_usage(void);

#endif
