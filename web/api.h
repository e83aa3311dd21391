/* SPDX-License-Identifier: MIT */
/* What the handlers of requests work with; router.c calls them by its table.
 * All borrowed and safe to use from several threads. */
#ifndef WEB_API_H
#define WEB_API_H

#include "gateway/config.h"

struct auth;
struct live;
struct past;
struct reply;
struct request;

struct api {
	const struct config *config;
	struct live *live;
	struct auth *auth;
	struct past *past;
	const char *web_root; /* NULL: the page that is built in */
	char box_name[64]; /* of the machine; "": unknown */
};

/* Fills in the reply (zeroed before). */
typedef void api_handler(
    const struct api *api, const struct request *request, struct reply *reply);

#endif
