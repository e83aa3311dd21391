/* SPDX-License-Identifier: MIT */
/*
 * The process that must not stop: asks the meters, answers the inverters. It
 * never waits: after start it allocates nothing, writes no file, takes no
 * lock, calls no resolver. Everything else hears of it by messages, through
 * rings that drop the oldest rather than wait.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "gateway/config.h"
#include "gateway/message.h"

struct setup;

struct proxy_start {
	const struct setup *setup;
	/* Leases that were in force when a proxy died; those that still run
	 * are taken up again, ramped from zero. By shown meter. */
	const struct message_lease *leases;
	int parent_fd;
	int storage_fd;
	int web_fd;
};

/* Runs until SIGTERM or the parent is gone; returns the exit code. */
int proxy_main(const struct proxy_start *start);

#endif
