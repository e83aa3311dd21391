/* SPDX-License-Identifier: MIT */
/* What can be said to a device made from a map. */
#ifndef HOUSE_DESK_H
#define HOUSE_DESK_H

#include "tests/house/street.h"

enum { DESK_WORDS = 4 };

/*
 * "silent NAME", "answer NAME", "device NAME" (or "get NAME"), "list NAME",
 * "get NAME POINT", "set NAME POINT VALUE". The answer is JSON, the caller's to
 * free; NULL: done, or failed, and then *why is set.
 */
char *desk_obey(struct street *street, const char *const words[DESK_WORDS],
    const char **why);

#endif
