/* SPDX-License-Identifier: MIT */
/*
 * What every child process does the same way: signals, log lines to the
 * parent, a heartbeat, noticing that the parent is gone.
 */
#ifndef GATEWAY_CHILD_H
#define GATEWAY_CHILD_H

#include <signal.h>
#include <stdbool.h>

enum { CHILD_ALIVE_MS = 250 };

/*
 * Call first in a child: names the process, ignores SIGINT, SIGHUP and SIGPIPE
 * (the parent orders the stop), sets the flag behind child_stopping on
 * SIGTERM, dies with the parent, sends log lines to parent_fd.
 */
void child_init(const char *name, int parent_fd);

/* SIGTERM has come. A blocking poll() returns EINTR then. */
bool child_stopping(void);

/* Sends ALIVE if it is due (or the first time). Returns how many ms until the
 * next one is. */
int child_alive(void);

#endif
