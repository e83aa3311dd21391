/* SPDX-License-Identifier: MIT */
/* Logging in and out over HTTP; auth.h knows how. */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include "web/api.h"

api_handler session_post;
api_handler session_delete;

#endif
