/* SPDX-License-Identifier: MIT */
#include "gateway/child.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/message.h"

static volatile sig_atomic_t stopping;
static int parent = -1;
static struct mono next_alive;

static void
on_term(int signal_number)
{
	(void)signal_number;
	stopping = 1;
}

/* A full socket costs the line, never time. */
static void
send_log(void *context, enum log_level level, const char *line)
{
	struct message message;

	(void)context;
	message_init(&message, MESSAGE_LOG);
	message.body.log.level = (int32_t)level;
	snprintf(
	    message.body.log.line, sizeof(message.body.log.line), "%s", line);
	message_send(parent, &message);
}

void
child_init(const char *name, int parent_fd)
{
	struct sigaction action = { .sa_handler = on_term };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t none;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_NAME, name);
	parent = parent_fd;
	next_alive = (struct mono){ 0 };
	log_init(name, LOG_LEVEL_INFO);
	log_set_sink(send_log, NULL);
}

bool
child_stopping(void)
{
	return stopping != 0;
}

int
child_alive(void)
{
	struct mono now = clock_now();
	struct message message;

	if (mono_reached(now, next_alive)) {
		message_init(&message, MESSAGE_ALIVE);
		message.body.alive.mono_us = now.us;
		message_send(parent, &message);
		next_alive = mono_add_ms(now, CHILD_ALIVE_MS);
	}
	return (int)(mono_diff_us(next_alive, now) / 1000) + 1;
}
