/* SPDX-License-Identifier: MIT */
/* From a request to its reply: the table of routes, and what must be right
 * before any of them is called. */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include "web/api.h"
#include "web/reply.h"
#include "web/request.h"

/* The caller frees the reply. */
void router_answer(
    const struct api *api, const struct request *request, struct reply *reply);

#endif
