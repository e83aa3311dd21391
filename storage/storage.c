/* SPDX-License-Identifier: MIT */
#include "storage/storage.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/child.h"
#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/log.h"
#include "storage/db.h"
#include "storage/writer.h"

enum {
	BATCH_ROWS = 2000,
	BURST = 1000, /* messages between two heartbeats */
	BUSY_BURST = 64, /* so many at once: wait on the socket, not a timer */
	CHECK_MS = 300, /* looking for damage at the start */
	RETRY_MS = 2000, /* between tries to write again */
	LAST_DRAIN_MS = 250,
};

struct storage {
	const struct config *config;
	int parent_fd;
	int proxy_fd; /* -1: closed by the other side */
	struct db db;
	struct writer *writer; /* NULL: nothing can be written now */
	bool refused; /* and nothing will: the file is not ours */
	bool started; /* that event is in the file */
	struct mono commit_at; /* of the open transaction */
	struct mono retry_at; /* while there is no writer */
	struct message_gap gap; /* what was lost and is not on record yet */
	uint64_t lost; /* since it broke */
	char reason[DB_ERROR_SIZE]; /* why; empty: nothing is wrong */
	char aside[PATH_MAX]; /* where a damaged file is; empty: none to tell */
	bool bad_seen;
};

static void
lose(struct storage *storage, uint64_t count)
{
	struct message_gap *gap = &storage->gap;
	int64_t now_us = clock_wall_us();

	if (gap->dropped == 0)
		gap->from_wall_us = gap->to_wall_us = now_us;
	if (now_us > gap->to_wall_us)
		gap->to_wall_us = now_us;
	gap->dropped += count;
	storage->lost += count;
}

/* Leaves the file as it is. Rows that were not committed are lost. */
static void
drop_writer(struct storage *storage)
{
	writer_close(storage->writer);
	storage->writer = NULL;
	db_abandon(&storage->db);
}

/* Only the change of state goes to the log; retries that fail stay quiet. */
static void
go_down(struct storage *storage, enum db_status status)
{
	drop_writer(storage);
	storage->refused = status == DB_REFUSED;
	storage->retry_at = mono_add_ms(clock_now(), RETRY_MS);
	if (storage->reason[0] != '\0')
		return;
	snprintf(storage->reason, sizeof(storage->reason), "%s",
	    storage->db.error[0] != '\0' ? storage->db.error : "failed");
	log_warnx("history %s: %s, records are lost until that changes",
	    storage->config->storage->path, storage->reason);
}

/* What a new writer says first. Committed at once: it is also the proof that
 * the file takes writes again. */
static enum db_status
announce(struct storage *storage)
{
	struct writer *writer = storage->writer;
	enum db_status status = DB_OK;

	if (!storage->started)
		status = writer_event(writer, LOG_LEVEL_INFO,
		    "started, version %s", GRIDSHIM_VERSION);
	if (status == DB_OK && storage->aside[0] != '\0')
		status = writer_event(writer, LOG_LEVEL_ERROR,
		    "history was damaged, kept as %s, a new one begun",
		    storage->aside);
	if (status == DB_OK && storage->gap.dropped > 0)
		status = writer_gap(writer, "storage", &storage->gap,
		    storage->reason[0] != '\0' ? storage->reason
					       : "the file was damaged");
	return status == DB_OK ? writer_commit(writer) : status;
}

static void
announced(struct storage *storage)
{
	storage->started = true;
	storage->aside[0] = '\0';
	memset(&storage->gap, 0, sizeof(storage->gap));
}

/* A disk that is all but full takes a short row and refuses the next batch,
 * so only a batch ends the trouble; the log would toggle otherwise. */
static void
recovered(struct storage *storage)
{
	if (storage->reason[0] == '\0')
		return;
	log_info("history %s: writing again, %" PRIu64 " records were lost",
	    storage->config->storage->path, storage->lost);
	storage->reason[0] = '\0';
	storage->lost = 0;
}

static enum db_status
open_writer(struct storage *storage)
{
	enum db_status status;

	status = db_open(&storage->db, storage->config->storage->path);
	if (status == DB_OK && !storage->started)
		status = db_check(&storage->db, CHECK_MS);
	if (status == DB_OK)
		storage->writer =
		    writer_open(&storage->db, storage->config, &status);
	return status;
}

static bool
set_aside(struct storage *storage)
{
	const char *path = storage->config->storage->path;
	char damage[DB_ERROR_SIZE];

	snprintf(damage, sizeof(damage), "%s", storage->db.error);
	writer_close(storage->writer);
	storage->writer = NULL;
	if (!db_set_aside(
		&storage->db, path, storage->aside, sizeof(storage->aside))) {
		storage->aside[0] = '\0';
		return false;
	}
	log_warnx("history %s: %s, kept as %s, a new one begun", path, damage,
	    storage->aside);
	return true;
}

/* DB_OK: open it. DB_CORRUPT: known to be damaged. */
static void
go_up(struct storage *storage, enum db_status status)
{
	if (status == DB_OK)
		status = open_writer(storage);
	if (status == DB_CORRUPT && set_aside(storage))
		status = open_writer(storage);
	if (status == DB_OK)
		status = announce(storage);
	if (status == DB_OK)
		announced(storage);
	else
		go_down(storage, status);
}

/* A row or a commit failed: all that was not committed is gone. */
static void
fail(struct storage *storage, enum db_status status)
{
	lose(storage, writer_pending(storage->writer));
	if (status == DB_CORRUPT)
		go_up(storage, status);
	else
		go_down(storage, status);
}

static void
commit(struct storage *storage)
{
	enum db_status status = writer_commit(storage->writer);

	if (status == DB_OK)
		recovered(storage);
	else
		fail(storage, status);
}

static void
record(struct storage *storage, const struct message *message)
{
	uint64_t worth =
	    message->type == MESSAGE_GAP ? message->body.gap.dropped : 1;
	enum db_status status;

	if (storage->writer == NULL) {
		lose(storage, worth);
		return;
	}
	if (writer_pending(storage->writer) == 0)
		storage->commit_at = mono_add_ms(clock_now(),
		    (int64_t)storage->config->storage->commit_s * 1000);
	status = writer_add(storage->writer, message);
	if (status != DB_OK) {
		lose(storage, worth);
		fail(storage, status);
	} else if (writer_pending(storage->writer) >= BATCH_ROWS) {
		commit(storage);
	}
}

/* Takes what has arrived, at most so many. Returns how many came; *fd becomes
 * -1 when the other side is gone. */
static unsigned
drain(struct storage *storage, int *fd, unsigned limit)
{
	struct message message;
	enum message_status status;
	unsigned count;

	for (count = 0; count < limit && *fd >= 0; count++) {
		status = message_receive(*fd, &message);
		if (status == MESSAGE_AGAIN)
			break;
		if (status == MESSAGE_GONE)
			*fd = -1;
		else if (status == MESSAGE_DONE)
			record(storage, &message);
		else if (!storage->bad_seen)
			log_warnx("a message was refused, more are not told");
		storage->bad_seen |= status == MESSAGE_BAD;
	}
	return count;
}

static void
tick(struct storage *storage)
{
	struct mono now = clock_now();

	if (storage->writer == NULL) {
		if (!storage->refused && mono_reached(now, storage->retry_at))
			go_up(storage, DB_OK);
	} else if (writer_pending(storage->writer) > 0 &&
		   mono_reached(now, storage->commit_at)) {
		commit(storage);
	}
}

/*
 * Sleeps until the next heartbeat is due. Records wait that long in the
 * socket, so a normal day costs four wake-ups a second however many there
 * are; only when they come fast is the socket itself waited for. SIGTERM is
 * blocked but for here, and cannot slip in before the sleep.
 */
static void
wait_for_work(const struct storage *storage, bool busy)
{
	struct pollfd fds[] = {
		{ .fd = storage->parent_fd, .events = POLLIN },
		{ .fd = busy ? storage->proxy_fd : -1, .events = POLLIN },
	};
	int timeout_ms = child_alive();
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L,
	};
	sigset_t none;

	sigemptyset(&none);
	ppoll(fds, 2, &timeout, &none);
}

static void
serve(struct storage *storage)
{
	bool busy = false;

	while (!child_stopping() && storage->parent_fd >= 0) {
		wait_for_work(storage, busy);
		drain(storage, &storage->parent_fd, BURST);
		busy = drain(storage, &storage->proxy_fd, BURST) >= BUSY_BURST;
		tick(storage);
	}
}

static void
finish(struct storage *storage)
{
	struct mono end = mono_add_ms(clock_now(), LAST_DRAIN_MS);

	while (drain(storage, &storage->proxy_fd, BURST) == BURST &&
	       !mono_reached(clock_now(), end))
		;
	drain(storage, &storage->parent_fd, BURST);
	if (storage->writer == NULL && !storage->refused)
		go_up(storage, DB_OK);
	if (storage->writer == NULL)
		return;
	/* Nothing is left to be done about a failure here. */
	if (writer_event(storage->writer, LOG_LEVEL_INFO, "stopped") == DB_OK)
		writer_commit(storage->writer);
	writer_close(storage->writer);
	db_close(&storage->db);
}

static void
block_term(void)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
}

int
storage_main(const struct storage_start *start)
{
	struct storage storage = {
		.config = start->config,
		.parent_fd = start->parent_fd,
		.proxy_fd = start->proxy_fd,
	};

	child_init("storage", start->parent_fd);
	block_term();
	/* A file size limit shall be an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	child_alive();
	go_up(&storage, DB_OK);
	serve(&storage);
	finish(&storage);
	return 0;
}
