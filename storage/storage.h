/* SPDX-License-Identifier: MIT */
/* The process that writes the database. It may block; nobody waits for it. */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

struct config;

struct storage_start {
	const struct config *config;
	int parent_fd; /* both ways; end of file: stop */
	int proxy_fd; /* records come in here */
};

/* Runs until SIGTERM or the parent is gone; drains what has arrived, commits
 * and returns the exit code. */
int storage_main(const struct storage_start *start);

#endif
