/* SPDX-License-Identifier: MIT */
/* The parent: starts proxy, storage and web, keeps them running, and holds the
 * leases for a proxy that must start anew. */
#ifndef GATEWAY_RUN_H
#define GATEWAY_RUN_H

struct options;
struct setup;

/* Runs until told to stop; takes the setup over. Returns the exit code. */
int run_main(const struct options *options, struct setup *setup);

#endif
