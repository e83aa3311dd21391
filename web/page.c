/* SPDX-License-Identifier: MIT */
#include "web/page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/assets.h"
#include "web/reply.h"
#include "web/request.h"

enum { FILE_MAX = 1 << 20 };

static const struct assets_file *
find(const char *path)
{
	for (size_t i = 0; i < assets_count; i++) {
		if (strcmp(assets_files[i].path, path) == 0)
			return &assets_files[i];
	}
	return NULL;
}

/* False: not there, serve the built-in one. */
static bool
read_file(
    const struct api *api, const struct assets_file *file, struct reply *reply)
{
	char path[4096];
	struct stat status;
	ssize_t length = -1;
	char *bytes = NULL;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", api->web_root, file->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_size <= FILE_MAX)
		bytes = malloc((size_t)status.st_size + 1);
	if (bytes != NULL)
		length = read(fd, bytes, (size_t)status.st_size);
	close(fd);
	if (length < 0) {
		free(bytes);
		return false;
	}
	reply->body = bytes;
	reply->owned = bytes;
	reply->length = (size_t)length;
	return true;
}

static void
use_built_in(const struct assets_file *file, const struct request *request,
    struct reply *reply)
{
	const unsigned char *from = file->bytes, *to = file->bytes_end;

	reply->keep = true;
	/* Weak: plain and packed are not the same bytes. */
	snprintf(reply->etag, sizeof(reply->etag), "W/%s", file->etag);
	if (request->if_none_match != NULL &&
	    strstr(request->if_none_match, file->etag) != NULL) {
		reply->status = 304;
		return;
	}
	reply->gzip = request->accept_encoding != NULL &&
	              strstr(request->accept_encoding, "gzip") != NULL;
	if (reply->gzip) {
		from = file->gzip;
		to = file->gzip_end;
	}
	reply->body = (const char *)from;
	reply->length = (size_t)(to - from);
}

void
page_get(
    const struct api *api, const struct request *request, struct reply *reply)
{
	const struct assets_file *file = find(request->path);

	if (file == NULL) {
		reply_problem(
		    reply, PROBLEM_NOT_FOUND, "The page has no such file.");
		return;
	}
	reply->status = 200;
	reply->type = file->type;
	if (api->web_root == NULL || !read_file(api, file, reply))
		use_built_in(file, request, reply);
}
