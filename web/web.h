/* SPDX-License-Identifier: MIT */
/* The process behind the page. It may block and use threads; nothing on the
 * bus waits for it. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

struct config;

struct web_start {
	const struct config *config;
	int parent_fd; /* alive and log go out; end of file: stop */
	int proxy_fd; /* snapshots and results in, offsets out */
	/* Serve the page from this folder; NULL: the one that is built in. */
	const char *web_root;
};

/* Runs until SIGTERM or the parent is gone; returns the exit code. */
int web_main(const struct web_start *start);

#endif
