/* SPDX-License-Identifier: MIT */
/* Is this reply the answer to that request? For every public function code.
 * Pure. */
#ifndef PROXY_MATCH_H
#define PROXY_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum match {
	MATCH_NONE, /* an answer to something else */
	MATCH_DATA,
	MATCH_EXCEPTION, /* reply[1] tells which; never 0 */
};

/*
 * The function and every length and echo that the request determines must fit
 * exactly: 2 bytes a register read, the address and count of a write, all of a
 * loopback. Of functions that the standard does not know only the function
 * code can be compared.
 */
enum match match_reply(const uint8_t *request, size_t request_length,
    const uint8_t *reply, size_t reply_length);

/* How long the PDU of the answer is; PDU_MAX where the request leaves it
 * open. */
size_t match_length(const uint8_t *request, size_t request_length);

/* Can there be a reply, exceptions aside, that is the answer to either? */
bool match_is_alike(const uint8_t *one, size_t one_length, const uint8_t *other,
    size_t other_length);

#endif
