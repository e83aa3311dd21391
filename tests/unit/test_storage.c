/* SPDX-License-Identifier: MIT */
/* The storage process as the parent runs it: forked, spoken to over socket
 * pairs, killed. */
#include "tests/unit/storage_helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "storage/db.h"
#include "storage/storage.h"

enum { PATIENCE_MS = 20000 };

static struct {
	pid_t pid;
	int parent_fd;
	int proxy_fd;
	char log[4096]; /* lines it sent, each ended by '\n' */
	unsigned alive;
} child;

/* What a parent does with its end: takes heartbeats and log lines. */
static void
listen_to_child(void)
{
	struct message message;
	enum message_status status;

	while ((status = message_receive(child.parent_fd, &message)) ==
	       MESSAGE_DONE) {
		if (message.type == MESSAGE_ALIVE)
			child.alive++;
		if (message.type != MESSAGE_LOG)
			continue;
		helper_append(
		    child.log, sizeof(child.log), message.body.log.line);
		helper_append(child.log, sizeof(child.log), "\n");
	}
}

static void
wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	poll(&poll_fd, 1, timeout_ms);
}

/* Until done(what); the parent's end is served meanwhile. */
static void
await(bool (*done)(const void *what), const void *what)
{
	struct mono end = mono_add_ms(clock_now(), PATIENCE_MS);

	for (listen_to_child(); !done(what); listen_to_child()) {
		assert_false(mono_reached(clock_now(), end));
		wait_for(child.parent_fd, POLLIN, 50);
	}
}

static bool
child_is_alive(const void *what)
{
	return child.alive > 0;
}

static bool
is_logged(const void *what)
{
	return strstr(child.log, what) != NULL;
}

/* Once it is up: a SIGTERM before that ends it as any program. */
static void
spawn(rlim_t file_limit)
{
	int parent[2], proxy[2];
	struct rlimit limit = { file_limit, RLIM_INFINITY };

	memset(&child, 0, sizeof(child));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, parent), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, proxy), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		struct storage_start start = { .config = &helper_config,
			.parent_fd = parent[1],
			.proxy_fd = proxy[1] };

		close(parent[0]);
		close(proxy[0]);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(storage_main(&start));
	}
	close(parent[1]);
	close(proxy[1]);
	child.parent_fd = parent[0];
	child.proxy_fd = proxy[0];
	await(child_is_alive, NULL);
}

static void
tell(int fd, const struct message *message)
{
	struct mono end = mono_add_ms(clock_now(), PATIENCE_MS);
	enum message_status status;

	while ((status = message_send(fd, message)) == MESSAGE_AGAIN) {
		assert_false(mono_reached(clock_now(), end));
		wait_for(fd, POLLOUT, 50);
	}
	assert_int_equal(status, MESSAGE_DONE);
}

static void
send_txns(unsigned from, unsigned count)
{
	struct message message;

	for (unsigned i = from; i < from + count; i++) {
		message_init(&message, MESSAGE_TXN);
		message.body.txn.wall_us = (int64_t)i + 1;
		message.body.txn.address = (uint16_t)i;
		message.body.txn.count = (uint16_t)(i >> 16);
		message.body.txn.request_length = 8;
		tell(child.proxy_fd, &message);
	}
}

static bool
rows_are_there(const void *what)
{
	return helper_number(what) > 0;
}

/* Returns how long it took, ms. */
static int64_t
stop(void)
{
	struct mono start = clock_now();
	int64_t took_ms;
	int status = -1;

	assert_int_equal(kill(child.pid, SIGTERM), 0);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	took_ms = mono_diff_us(clock_now(), start) / 1000;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	listen_to_child();
	close(child.parent_fd);
	close(child.proxy_fd);
	return took_ms;
}

static void
await_start(void)
{
	await(rows_are_there,
	    "SELECT count(*) FROM event WHERE text LIKE 'started%'");
}

static void
twenty_thousand_transactions_are_all_there(void **state)
{
	struct mono start;
	int64_t took_ms;
	double seconds;
	char wal[HELPER_PATH + 8];

	(void)state;
	spawn(RLIM_INFINITY);
	start = clock_now();
	send_txns(0, 20000);
	took_ms = stop();
	seconds = (double)mono_diff_us(clock_now(), start) / 1e6;
	print_message("20000 over the socket in %.2f s, stopped in %ld ms\n",
	    seconds, (long)took_ms);
	assert_true(took_ms < 5000);
	assert_rows("SELECT count(*), min(time_us), max(time_us),"
		    " count(DISTINCT time_us) FROM txn",
	    "20000|1|20000|20000");
	assert_rows("PRAGMA integrity_check", "ok");
	assert_rows("SELECT text FROM event",
	    "started, version " GRIDSHIM_VERSION "\nstopped");
	/* Everything is in the one file. */
	snprintf(wal, sizeof(wal), "%s-wal", helper_path);
	assert_int_equal(access(wal, F_OK), -1);
	assert_true(child.alive > 0);
	assert_string_equal(child.log, "");
}

static void
rows_are_committed_in_time_without_a_stop(void **state)
{
	(void)state;
	spawn(RLIM_INFINITY);
	send_txns(0, 3);
	await(rows_are_there, "SELECT count(*) = 3 FROM txn");
	stop();
}

static void
a_full_batch_does_not_wait_for_its_time(void **state)
{
	(void)state;
	helper_storage.commit_s = 60;
	spawn(RLIM_INFINITY);
	send_txns(0, 2500);
	await(rows_are_there, "SELECT count(*) = 2000 FROM txn");
	helper_storage.commit_s = 1;
	stop();
	assert_rows("SELECT count(*) FROM txn", "2500");
}

/* A day of records in their usual rhythm does not wake it more often than its
 * heartbeat: here, 100 records in 1 s. */
static void
records_do_not_wake_it_one_by_one(void **state)
{
	char path[64], line[128];
	long switches = 0;
	FILE *file;

	(void)state;
	spawn(RLIM_INFINITY);
	for (unsigned i = 0; i < 100; i++) {
		send_txns(i, 1);
		wait_for(-1, 0, 10);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", child.pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "voluntary_ctxt_switches: %ld", &switches);
	fclose(file);
	print_message("%ld switches\n", switches);
	assert_true(switches < 60);
	stop();
}

static void
events_of_the_parent_are_kept(void **state)
{
	struct message message;

	(void)state;
	spawn(RLIM_INFINITY);
	await_start();
	message_init(&message, MESSAGE_EVENT);
	strcpy(message.body.event.subject, "process web");
	strcpy(message.body.event.text, "died");
	tell(child.parent_fd, &message);
	stop();
	assert_rows("SELECT level, text FROM event WHERE subject ="
		    " 'process web'",
	    "error|died");
}

static void
it_stops_when_the_parent_is_gone(void **state)
{
	int status = -1;

	(void)state;
	spawn(RLIM_INFINITY);
	send_txns(0, 100);
	close(child.parent_fd);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	assert_int_equal(status, 0);
	close(child.proxy_fd);
	assert_rows("SELECT count(*) FROM txn", "100");
	assert_rows("SELECT count(*) FROM event WHERE text = 'stopped'", "1");
}

static void
a_bad_message_is_left_out(void **state)
{
	(void)state;
	spawn(RLIM_INFINITY);
	send_txns(0, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(child.proxy_fd, "junk", 4, 0), 4);
	send_txns(1, 1);
	stop();
	assert_rows("SELECT count(*) FROM txn", "2");
	assert_string_equal(
	    child.log, "storage: a message was refused, more are not told\n");
}

/* Records 0 .. n-1 without a hole, and all that were ever seen committed. */
static void
killed_in_a_batch_it_loses_no_more_than_the_batch(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		long seen, count;
		int status;

		unlink(helper_path);
		spawn(RLIM_INFINITY);
		send_txns(0, 300);
		await(rows_are_there, "SELECT count(*) = 300 FROM txn");
		send_txns(300, 2500 + (unsigned)round * 700);
		seen = helper_number("SELECT count(*) FROM txn");
		kill(child.pid, SIGKILL);
		waitpid(child.pid, &status, 0);
		close(child.parent_fd);
		close(child.proxy_fd);
		assert_rows("PRAGMA integrity_check", "ok");
		count = helper_number("SELECT count(*) FROM txn");
		assert_true(count >= seen && seen >= 300);
		assert_int_equal(
		    helper_number("SELECT max(time_us) FROM txn"), count);
		/* The next one goes on with the same file. */
		spawn(RLIM_INFINITY);
		send_txns(9000, 1);
		stop();
		assert_int_equal(
		    helper_number("SELECT count(*) FROM txn"), count + 1);
	}
}

static void
a_full_disk_is_survived_and_the_hole_is_on_record(void **state)
{
	struct rlimit wide = { RLIM_INFINITY, RLIM_INFINITY };
	struct mono end;
	long kept, lost;
	unsigned more = 0;
	const char *text;

	(void)state;
	spawn(200 * 1024);
	await_start();
	send_txns(0, 20000);
	await(is_logged, "records are lost until that changes");
	send_txns(20000, 1000);
	assert_int_equal(prlimit(child.pid, RLIMIT_FSIZE, &wide, NULL), 0);
	for (end = mono_add_ms(clock_now(), PATIENCE_MS);
	     !is_logged("writing again"); listen_to_child()) {
		assert_false(mono_reached(clock_now(), end));
		send_txns(21000 + more++, 1);
		wait_for(child.parent_fd, POLLIN, 50);
	}
	stop();
	assert_rows("PRAGMA integrity_check", "ok");
	kept = helper_number("SELECT count(*) FROM txn");
	text = helper_query(helper_path,
	    "SELECT sum(substr(text, 6)) FROM event WHERE subject = 'storage'"
	    " AND text LIKE 'gap, %'");
	lost = strtol(text, NULL, 10);
	print_message("%ld kept, %ld lost, %s", kept, lost, child.log);
	assert_true(lost > 0);
	assert_int_equal(kept + lost, 21000 + more);
	assert_rows(
	    "SELECT count(*) FROM event WHERE text LIKE 'started%'", "1");
	/* One line for the change, one for the change back. */
	text = strchr(child.log, '\n');
	assert_non_null(text);
	text = strchr(text + 1, '\n');
	assert_non_null(text);
	assert_string_equal(text, "\n");
}

static void
a_damaged_file_is_set_aside_and_told(void **state)
{
	char aside[HELPER_PATH * 2];
	char *bytes = calloc(1, 30000);

	(void)state;
	memset(bytes, 'x', 30000);
	helper_write(helper_path, bytes, 30000);
	spawn(RLIM_INFINITY);
	send_txns(0, 10);
	stop();
	assert_non_null(strstr(child.log, "a new one begun"));
	assert_rows("SELECT count(*) FROM txn", "10");
	snprintf(aside, sizeof(aside), "%s",
	    helper_query(helper_path,
		"SELECT replace(replace(text, 'history was damaged, kept as ',"
		" ''), ', a new one begun', '') FROM event"
		" WHERE level = 'error'"));
	assert_true(helper_same_bytes(aside, bytes, 30000));
	free(bytes);
}

/* The file breaks under the running writer. */
static void
damage_at_run_time_begins_a_new_file(void **state)
{
	static const char zeros[4096];
	FILE *file;

	(void)state;
	spawn(RLIM_INFINITY);
	send_txns(0, 10);
	stop();
	spawn(RLIM_INFINITY);
	await(rows_are_there,
	    "SELECT count(*) = 2 FROM event WHERE text LIKE 'started%'");
	/* Every page but the first; the next row must read some of them. */
	file = fopen(helper_path, "r+b");
	assert_non_null(file);
	for (long at = 4096; at < 40 * 4096; at += 4096) {
		fseek(file, at, SEEK_SET);
		fwrite(zeros, 1, sizeof(zeros), file);
	}
	fclose(file);
	/* Another's write makes the writer forget its cached pages. */
	helper_query(helper_path, "PRAGMA user_version = 1");
	send_txns(10, 5);
	await(is_logged, "a new one begun");
	send_txns(15, 5);
	stop();
	assert_rows("PRAGMA integrity_check", "ok");
	assert_true(helper_number("SELECT count(*) FROM txn") >= 5);
	assert_rows("SELECT count(*) FROM event WHERE text LIKE"
		    " 'history was damaged%'",
	    "1");
}

static void
a_newer_file_is_left_alone_and_records_are_drained(void **state)
{
	size_t length;
	char *bytes;

	(void)state;
	helper_write(helper_path, "", 0);
	helper_query(helper_path, "PRAGMA user_version = 77");
	bytes = helper_bytes(helper_path, &length);
	spawn(RLIM_INFINITY);
	send_txns(0, 5000); /* far more than the socket holds */
	stop();
	assert_true(helper_same_bytes(helper_path, bytes, length));
	assert_non_null(strstr(child.log, "written by a newer gridshim"));
	free(bytes);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, helper_setup, helper_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(twenty_thousand_transactions_are_all_there),
		TEST(rows_are_committed_in_time_without_a_stop),
		TEST(a_full_batch_does_not_wait_for_its_time),
		TEST(records_do_not_wake_it_one_by_one),
		TEST(events_of_the_parent_are_kept),
		TEST(it_stops_when_the_parent_is_gone),
		TEST(a_bad_message_is_left_out),
		TEST(killed_in_a_batch_it_loses_no_more_than_the_batch),
		TEST(a_full_disk_is_survived_and_the_hole_is_on_record),
		TEST(a_damaged_file_is_set_aside_and_told),
		TEST(damage_at_run_time_begins_a_new_file),
		TEST(a_newer_file_is_left_alone_and_records_are_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
