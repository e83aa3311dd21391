/* SPDX-License-Identifier: MIT */
/*
 * The parent's side of the child processes: start in order, supervise,
 * restart with back-off, stop in the reverse order.
 *
 * Every socket pair is made once and stays open in the parent, so a child that
 * died is forked anew onto the same sockets and its neighbours notice nothing
 * but a pause. A child gets only the descriptors in its `keep` list.
 */
#ifndef GATEWAY_PROCESS_H
#define GATEWAY_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/clock.h"
#include "gateway/message.h"

enum { PROCESS_MAX = 4, PROCESS_KEEP_MAX = 4 };

struct process_spec {
	const char *name;
	/* The child's whole life; returns its exit code. parent_fd is its end
	 * of the pair with the parent. */
	int (*run)(void *context, int parent_fd);
	void *context;
	uint32_t hang_ms; /* no heartbeat for so long: killed */
	int nice; /* added to the parent's */
	int keep[PROCESS_KEEP_MAX]; /* descriptors it may have; -1: none */
};

struct process {
	struct process_spec spec;
	pid_t pid; /* 0: not running */
	int parent_fd;
	int child_fd;
	bool alive; /* has sent its first heartbeat */
	uint32_t quick_deaths;
	struct mono started;
	struct mono last_alive;
	struct mono restart_at;
};

/* A message that is not the supervision's own. */
typedef void process_message(
    void *context, const char *name, const struct message *message);
/* A change worth a record: started again, died, hung. */
typedef void process_event(void *context, const char *name, const char *text);

struct processes {
	unsigned count;
	struct process list[PROCESS_MAX];
	process_message *on_message;
	process_event *on_event;
	void *context;
	int signal_fd;
	bool ready; /* all were alive once, and the service manager knows */
	struct mono next_watchdog;
};

enum process_wake { PROCESS_STOP, PROCESS_RELOAD };

/* Blocks the signals it handles and makes the pairs. False: errno tells. */
bool process_init(struct processes *set, process_message *on_message,
    process_event *on_event, void *context);
/* In start order. The spec is copied. */
bool process_add(struct processes *set, const struct process_spec *spec);
void process_start(struct processes *set);

/* Runs until SIGTERM or SIGINT (stop), or SIGHUP (reload); children go on. */
enum process_wake process_supervise(struct processes *set);

/* Last started first; each gets 600 ms to finish, then SIGKILL. */
void process_stop(struct processes *set);

/* Drops the processes (they must be stopped) for another process_add. */
void process_clear(struct processes *set);

/* Sends to a child by name; dropped when its socket is full. */
void process_tell(
    struct processes *set, const char *name, const struct message *message);

#endif
