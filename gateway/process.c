/* SPDX-License-Identifier: MIT */
#include "gateway/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gateway/log.h"
#include "gateway/notify.h"

enum {
	TICK_MS = 100,
	STOP_MS = 600, /* for one child; three make less than 2 s */
	STEADY_MS = 10000, /* lived so long: its next death is a first one */
	BACKOFF_MS = 100,
	BACKOFF_MAX_MS = 5000,
	START_MS = 2000, /* on top of hang_ms until the first heartbeat */
	WATCHDOG_MS = 1000,
};

bool
process_init(struct processes *set, process_message *on_message,
    process_event *on_event, void *context)
{
	sigset_t mask;

	memset(set, 0, sizeof(*set));
	set->on_message = on_message;
	set->on_event = on_event;
	set->context = context;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) != 0)
		return false;
	set->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return set->signal_fd >= 0;
}

bool
process_add(struct processes *set, const struct process_spec *spec)
{
	struct process *process = &set->list[set->count];
	int pair[2];

	if (set->count == PROCESS_MAX)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	memset(process, 0, sizeof(*process));
	process->spec = *spec;
	process->parent_fd = pair[0];
	process->child_fd = pair[1];
	set->count++;
	return true;
}

static bool
is_kept(const struct process *process, int fd)
{
	for (int i = 0; i < PROCESS_KEEP_MAX; i++) {
		if (process->spec.keep[i] == fd)
			return true;
	}
	return fd <= STDERR_FILENO || fd == process->child_fd;
}

/* A neighbour's end held open here would hide that neighbour's death, and the
 * parent's own end would hide the parent's. */
static void
close_others(const struct process *process)
{
	int limit = (int)sysconf(_SC_OPEN_MAX);

	for (int fd = 0; fd < limit && fd < 1024; fd++) {
		if (!is_kept(process, fd))
			close(fd);
	}
}

static void
start_one(struct process *process)
{
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		close_others(process);
		/* Lower only: raising needs a right we may not have. */
		errno = 0;
		if (nice(process->spec.nice) == -1 && errno != 0 &&
		    process->spec.nice > 0)
			log_warn("process %s: nice", process->spec.name);
		exit(process->spec.run(
		    process->spec.context, process->child_fd));
	}
	process->started = process->last_alive = clock_now();
	process->alive = false;
	if (pid < 0) {
		log_warn("process %s: cannot fork", process->spec.name);
		process->restart_at =
		    mono_add_ms(process->started, BACKOFF_MAX_MS);
		return;
	}
	process->pid = pid;
}

void
process_start(struct processes *set)
{
	for (unsigned i = 0; i < set->count; i++)
		start_one(&set->list[i]);
}

/* The first death restarts at once: the bus is waiting. */
static int64_t
backoff_ms(const struct process *process)
{
	int64_t ms = BACKOFF_MS;

	if (process->quick_deaths <= 1)
		return 0;
	for (uint32_t i = 2; i < process->quick_deaths; i++) {
		ms *= 2;
		if (ms >= BACKOFF_MAX_MS)
			return BACKOFF_MAX_MS;
	}
	return ms;
}

static void
bury(struct processes *set, struct process *process, int status)
{
	struct mono now = clock_now();
	char text[128];
	int64_t wait_ms;

	if (mono_diff_us(now, process->started) > INT64_C(1000) * STEADY_MS)
		process->quick_deaths = 0;
	process->quick_deaths++;
	process->pid = 0;
	wait_ms = backoff_ms(process);
	process->restart_at = mono_add_ms(now, wait_ms);
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text),
		    "died by signal %d (%s), starts again in %lld ms",
		    WTERMSIG(status), strsignal(WTERMSIG(status)),
		    (long long)wait_ms);
	else
		snprintf(text, sizeof(text),
		    "ended with code %d, starts again in %lld ms",
		    WEXITSTATUS(status), (long long)wait_ms);
	set->on_event(set->context, process->spec.name, text);
}

static void
reap(struct processes *set)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned i = 0; i < set->count; i++) {
			if (set->list[i].pid == pid)
				bury(set, &set->list[i], status);
		}
	}
}

static void
receive(struct processes *set, struct process *process)
{
	struct message message;
	enum message_status status;

	while ((status = message_receive(process->parent_fd, &message)) ==
		   MESSAGE_DONE ||
	       status == MESSAGE_BAD) {
		if (status == MESSAGE_BAD) {
			log_warnx("process %s: sent a broken message",
			    process->spec.name);
			continue;
		}
		if (message.type != MESSAGE_ALIVE) {
			set->on_message(
			    set->context, process->spec.name, &message);
			continue;
		}
		process->last_alive = clock_now();
		process->alive = true;
	}
}

static void
check_hang(struct processes *set, struct process *process, struct mono now)
{
	int64_t limit_ms = process->spec.hang_ms;
	char text[128];

	if (process->pid == 0)
		return;
	if (!process->alive)
		limit_ms += START_MS;
	if (mono_diff_us(now, process->last_alive) <= limit_ms * 1000)
		return;
	snprintf(text, sizeof(text), "no heartbeat for %lld ms, killed",
	    (long long)limit_ms);
	set->on_event(set->context, process->spec.name, text);
	kill(process->pid, SIGKILL);
	process->last_alive = now; /* said once; SIGCHLD follows */
}

static void
tell_service_manager(struct processes *set, struct mono now)
{
	bool all = true;

	for (unsigned i = 0; i < set->count; i++)
		all = all && set->list[i].pid != 0 && set->list[i].alive;
	if (all && !set->ready) {
		set->ready = true;
		notify_send("READY=1\nSTATUS=running");
	}
	if (set->ready && mono_reached(now, set->next_watchdog)) {
		notify_send("WATCHDOG=1");
		set->next_watchdog = mono_add_ms(now, WATCHDOG_MS);
	}
}

/* Everything that depends on time rather than on an event. */
static void
tick(struct processes *set, struct mono last)
{
	struct mono now = clock_now();
	/* We were held up ourselves (the whole machine was): a child's silence
	 * says nothing then. */
	bool late = mono_diff_us(now, last) > INT64_C(1000) * 4 * TICK_MS;

	for (unsigned i = 0; i < set->count; i++) {
		struct process *process = &set->list[i];

		if (late)
			process->last_alive = now;
		check_hang(set, process, now);
		if (process->pid == 0 && mono_reached(now, process->restart_at))
			start_one(process);
	}
	tell_service_manager(set, now);
}

/* 0: nothing to decide. */
static int
read_signals(struct processes *set)
{
	struct signalfd_siginfo info;
	int decided = 0;

	while (read(set->signal_fd, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(set);
		else if (decided == 0 || decided == SIGHUP)
			decided = (int)info.ssi_signo;
	}
	return decided;
}

enum process_wake
process_supervise(struct processes *set)
{
	struct pollfd polls[PROCESS_MAX + 1];
	struct mono last;
	int decided;

	for (;;) {
		for (unsigned i = 0; i < set->count; i++)
			polls[i] = (struct pollfd){
				.fd = set->list[i].parent_fd,
				.events = POLLIN,
			};
		polls[set->count] =
		    (struct pollfd){ .fd = set->signal_fd, .events = POLLIN };
		last = clock_now();
		(void)poll(polls, set->count + 1, TICK_MS);
		for (unsigned i = 0; i < set->count; i++)
			receive(set, &set->list[i]);
		decided = read_signals(set);
		if (decided != 0)
			return decided == SIGHUP ? PROCESS_RELOAD
			                         : PROCESS_STOP;
		tick(set, last);
	}
}

static bool
wait_for(pid_t pid, int64_t ms)
{
	struct mono until = mono_add_ms(clock_now(), ms);
	struct timespec pause = { .tv_nsec = 2000000 };

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (mono_reached(clock_now(), until))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

static void
stop_one(struct processes *set, struct process *process)
{
	if (process->pid == 0)
		return;
	kill(process->pid, SIGTERM);
	kill(process->pid, SIGCONT); /* it may have been stopped */
	if (!wait_for(process->pid, STOP_MS)) {
		log_warnx("process %s: did not stop in %d ms, killed",
		    process->spec.name, STOP_MS);
		kill(process->pid, SIGKILL);
		(void)waitpid(process->pid, NULL, 0);
	}
	receive(set, process); /* its last words */
	process->pid = 0;
}

void
process_stop(struct processes *set)
{
	notify_send("STOPPING=1");
	for (unsigned i = set->count; i > 0; i--)
		stop_one(set, &set->list[i - 1]);
}

void
process_clear(struct processes *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		close(set->list[i].parent_fd);
		close(set->list[i].child_fd);
	}
	set->count = 0;
}

void
process_tell(
    struct processes *set, const char *name, const struct message *message)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (strcmp(set->list[i].spec.name, name) == 0)
			message_send(set->list[i].parent_fd, message);
	}
}
