/* SPDX-License-Identifier: MIT */
/* The page's files as they travel inside the binary; made by assets.mk. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include <stddef.h>

struct assets_file {
	const char *path; /* as asked for: "/app.js" */
	const char *file; /* in the web root: "app.js" */
	const char *type;
	const char *etag; /* of the content, in quotes */
	const unsigned char *bytes;
	const unsigned char *bytes_end;
	const unsigned char *gzip;
	const unsigned char *gzip_end;
};

extern const struct assets_file assets_files[];
extern const size_t assets_count;
/* Changes whenever any of them does. */
extern const char assets_build[];

#endif
