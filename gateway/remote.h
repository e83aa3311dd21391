/* SPDX-License-Identifier: MIT */
/*
 * Commands that talk to a running gridshim over its own API. Where it wants a
 * login, the password comes from the environment (GRIDSHIM_PASSWORD), so that
 * it shows in no process list.
 */
#ifndef GATEWAY_REMOTE_H
#define GATEWAY_REMOTE_H

struct options;

/* Both print to stdout, complain on stderr, and return an exit code:
 * EX_UNAVAILABLE when nothing answers, EX_NOPERM when the login fails,
 * EX_DATAERR when the value is refused. */
int remote_status(const struct options *options);
int remote_offset(const struct options *options);

#endif
