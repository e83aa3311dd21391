/* SPDX-License-Identifier: MIT */
/* /history and /log: questions to the database, one at a time. */
#ifndef WEB_PAST_H
#define WEB_PAST_H

#include "web/api.h"

struct past;

/* The database may come later. NULL: no memory. */
struct past *past_new(const char *database);
void past_free(struct past *past);

/* ?subject= a device or shown meter, ?quantity=; ?from= ?to= in UTC ms, or
 * seconds before now when negative; ?step= in ms. */
api_handler past_history;
/* ?limit= */
api_handler past_log;

#endif
