/* SPDX-License-Identifier: MIT */
/* The service manager's notification socket (sd_notify's protocol). Does
 * nothing when there is none. */
#ifndef GATEWAY_NOTIFY_H
#define GATEWAY_NOTIFY_H

/* "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=...". */
void notify_send(const char *text);

#endif
