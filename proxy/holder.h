/* SPDX-License-Identifier: MIT */
/* Which program has a device open? */
#ifndef PROXY_HOLDER_H
#define PROXY_HOLDER_H

#include <stdbool.h>

/* "gridshim (pid 412)". False when none is seen: there is none, or it belongs
 * to somebody else and we may not look. Our own process does not count. */
bool holder_find(const char *device, char *text, unsigned size);

#endif
