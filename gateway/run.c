/* SPDX-License-Identifier: MIT */
#include "gateway/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/options.h"
#include "gateway/process.h"
#include "proxy/proxy.h"
#include "proxy/setup.h"
#include "storage/storage.h"
#include "web/web.h"

enum {
	/* The bus waits for the proxy; storage may sit in fsync on a slow
	 * card. */
	PROXY_HANG_MS = 1000,
	STORAGE_HANG_MS = 60000,
	WEB_HANG_MS = 10000,
	STORAGE_NICE = 5,
	WEB_NICE = 10,
	PROXY_NICE = -10,
};

struct run {
	const struct options *options;
	struct setup *setup;
	struct processes processes;
	struct message_lease leases[CONFIG_SHOWN_MAX];
	int records[2]; /* proxy [0] -> storage [1] */
	int updates[2]; /* proxy [0] <-> web [1] */
};

static int
run_proxy(void *context, int parent_fd)
{
	const struct run *run = context;
	struct proxy_start start = {
		.setup = run->setup,
		.leases = run->leases,
		.parent_fd = parent_fd,
		.storage_fd = run->records[0],
		.web_fd = run->updates[0],
	};

	return proxy_main(&start);
}

static int
run_storage(void *context, int parent_fd)
{
	const struct run *run = context;
	struct storage_start start = {
		.config = run->setup->config,
		.parent_fd = parent_fd,
		.proxy_fd = run->records[1],
	};

	return storage_main(&start);
}

static int
run_web(void *context, int parent_fd)
{
	const struct run *run = context;
	struct web_start start = {
		.config = run->setup->config,
		.parent_fd = parent_fd,
		.proxy_fd = run->updates[1],
		.web_root = run->options->web_root,
	};

	return web_main(&start);
}

static void
on_message(void *context, const char *name, const struct message *message)
{
	struct run *run = context;
	const struct message_lease *lease = &message->body.lease;

	if (message->type == MESSAGE_LOG)
		log_write((enum log_level)message->body.log.level,
		    message->body.log.line);
	else if (message->type == MESSAGE_LEASE && strcmp(name, "proxy") == 0)
		run->leases[lease->shown] = *lease;
}

static void
on_event(void *context, const char *name, const char *text)
{
	struct run *run = context;
	struct message message;

	log_warnx("process %s: %s", name, text);
	message_init(&message, MESSAGE_EVENT);
	message.body.event.wall_us = clock_wall_us();
	message.body.event.level = LOG_LEVEL_WARNING;
	snprintf(message.body.event.subject, sizeof(message.body.event.subject),
	    "process %s", name);
	snprintf(message.body.event.text, sizeof(message.body.event.text), "%s",
	    text);
	process_tell(&run->processes, "storage", &message);
}

/* Storage first, so that nothing is lost at the start; it stops last, so that
 * nothing is lost at the end. */
static bool
add_processes(struct run *run)
{
	struct process_spec storage = {
		.name = "storage",
		.run = run_storage,
		.context = run,
		.hang_ms = STORAGE_HANG_MS,
		.nice = STORAGE_NICE,
		.keep = { run->records[1], -1, -1, -1 },
	};
	struct process_spec proxy = {
		.name = "proxy",
		.run = run_proxy,
		.context = run,
		.hang_ms = PROXY_HANG_MS,
		.nice = PROXY_NICE,
		.keep = { run->records[0], run->updates[0], -1, -1 },
	};
	struct process_spec web = {
		.name = "web",
		.run = run_web,
		.context = run,
		.hang_ms = WEB_HANG_MS,
		.nice = WEB_NICE,
		.keep = { run->updates[1], -1, -1, -1 },
	};

	return process_add(&run->processes, &storage) &&
	       process_add(&run->processes, &proxy) &&
	       process_add(&run->processes, &web);
}

/* The running configuration stays unless the new one is right. A new one
 * starts without offsets: what they were meant for may be gone. */
static void
reload(struct run *run)
{
	char error[512];
	struct setup *fresh;

	fresh = setup_load(run->options->config_file, run->options->map_dir,
	    error, sizeof(error));
	if (fresh == NULL) {
		log_warnx("configuration not taken over: %s", error);
		return;
	}
	process_stop(&run->processes);
	setup_free(run->setup);
	run->setup = fresh;
	memset(run->leases, 0, sizeof(run->leases));
	log_info("configuration read again, starting anew");
	process_start(&run->processes);
}

static bool
make_pairs(struct run *run)
{
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC;

	return socketpair(AF_UNIX, type, 0, run->records) == 0 &&
	       socketpair(AF_UNIX, type, 0, run->updates) == 0;
}

int
run_main(const struct options *options, struct setup *setup)
{
	static struct run run;

	run.options = options;
	run.setup = setup;
	log_init("gridshim", LOG_LEVEL_INFO);
	if (!process_init(&run.processes, on_message, on_event, &run) ||
	    !make_pairs(&run) || !add_processes(&run)) {
		log_warn("cannot start");
		return EX_OSERR;
	}
	log_info("%s, %s", GRIDSHIM_VERSION, options->config_file);
	process_start(&run.processes);
	while (process_supervise(&run.processes) == PROCESS_RELOAD)
		reload(&run);
	process_stop(&run.processes);
	process_clear(&run.processes);
	setup_free(run.setup);
	log_info("stopped");
	return EX_OK;
}
