/* SPDX-License-Identifier: MIT */
#include "web/web.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/child.h"
#include "gateway/config.h"
#include "gateway/log.h"
#include "gateway/message.h"
#include "web/auth.h"
#include "web/http.h"
#include "web/live.h"
#include "web/past.h"

enum { STOP_MS = 250 };

/* A query may take seconds more. Nothing here is worth waiting for that. */
static void
on_impatience(int signal_number)
{
	(void)signal_number;
	_exit(EX_OK);
}

static void
stop(struct api *api, struct http *http)
{
	struct sigaction action = { .sa_handler = on_impatience };
	struct itimerval patience = { .it_value.tv_usec = STOP_MS * 1000L };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &patience, NULL);
	live_stop(api->live);
	http_stop(http);
	past_free(api->past);
	auth_free(api->auth);
	live_free(api->live);
}

/* True: the parent is there. It says nothing; only its end is news. */
static bool
parent_there(int parent_fd)
{
	struct message message;
	enum message_status status;

	do {
		status = message_receive(parent_fd, &message);
	} while (status == MESSAGE_DONE || status == MESSAGE_BAD);
	return status != MESSAGE_GONE;
}

static void
run(const struct web_start *start, struct live *live, struct http *http,
    const sigset_t *open)
{
	struct pollfd fds[] = {
		{ .fd = start->parent_fd, .events = POLLIN },
		{ .fd = start->proxy_fd, .events = POLLIN },
	};

	while (!child_stopping()) {
		int wait_ms = child_alive();
		struct timespec wait = { .tv_nsec = wait_ms * 1000000L };

		if (ppoll(fds, 2, &wait, open) < 0 && errno != EINTR)
			log_fatal(EX_OSERR, "poll failed");
		if (fds[0].revents != 0 && !parent_there(start->parent_fd))
			return;
		if (fds[1].revents != 0 && !live_receive(live))
			fds[1].fd = -1;
		http_sweep(http);
	}
}

static bool
make_parts(const struct web_start *start, struct api *api)
{
	api->config = start->config;
	api->web_root = start->web_root;
	if (gethostname(api->box_name, sizeof(api->box_name) - 1) != 0)
		api->box_name[0] = '\0';
	api->live = live_new(start->proxy_fd);
	api->auth = auth_new(start->config->web->password_file);
	api->past = past_new(start->config->storage->path);
	return api->live != NULL && api->auth != NULL && api->past != NULL;
}

int
web_main(const struct web_start *start)
{
	struct api api = { 0 };
	struct http *http;
	sigset_t term, open;

	child_init("web", start->parent_fd);
	if (!make_parts(start, &api))
		log_fatal(EX_OSERR, "no memory");
	/* SIGTERM is for this thread, and only while it waits: it cannot get
	 * lost in another thread or just before the wait. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, &open);
	child_alive();
	http = http_start(&api);
	if (http == NULL)
		log_fatal(EX_UNAVAILABLE, "cannot listen on %s port %u: %s",
		    api.config->web->listen, api.config->web->port,
		    strerror(errno));
	log_info("page on %s port %u", api.config->web->listen,
	    api.config->web->port);
	run(start, api.live, http, &open);
	stop(&api, http);
	return EX_OK;
}
