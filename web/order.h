/* SPDX-License-Identifier: MIT */
/* /offset: what is set, set one, end it. The proxy decides; what is refused
 * here already gets a better answer, that is all. */
#ifndef WEB_ORDER_H
#define WEB_ORDER_H

#include "web/api.h"

api_handler order_get;
api_handler order_put;
api_handler order_delete;

#endif
