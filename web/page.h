/* SPDX-License-Identifier: MIT */
/* The page's files: built in, or from the web root while working on them.
 * Only names that are built in are served, so no path leads elsewhere. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "web/api.h"

api_handler page_get;

#endif
