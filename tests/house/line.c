/* SPDX-License-Identifier: MIT */
#include "tests/house/line.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <unistd.h>

#include "tests/house/hearing.h"
#include "tests/house/now.h"

enum { RING = 16384, CHUNK = 4096, PATH_SIZE = 256 };
enum source {
	SOURCE_A = LINE_A,
	SOURCE_Z = LINE_Z,
	SOURCE_OPENS,
	SOURCE_OTHER
};

struct end {
	int master; /* -1: unplugged */
	/*
	 * The other side of our own pty, held open: so the master never hangs
	 * up, and what a closed program left unread (or its TIOCEXCL, which
	 * outlives it on a pty) can be cleared away.
	 */
	int held;
	int watch; /* inotify's name for the tty */
	int opens; /* how many others hold it open */
	char path[PATH_SIZE];
	char link[PATH_SIZE]; /* "": none */
};

/* One direction; bytes on their way, oldest at tail. */
struct wire {
	uint8_t byte[RING];
	int64_t due_ns[RING];
	unsigned head;
	unsigned tail;
	int64_t free_ns; /* when the last byte's last bit is through */
};

struct line {
	pthread_mutex_t lock;
	pthread_t thread;
	bool stop;
	int64_t character_ns; /* 0: no pacing */
	struct hearing hearing; /* of end a */
	int epoll_fd;
	int timer_fd;
	int poke_fd; /* something changed: look again */
	int inotify_fd;
	uint64_t noise; /* state of its generator */
	struct end ends[LINE_ENDS];
	struct wire wires[LINE_ENDS]; /* by the end the bytes come from */
	struct line_counts counts;
	int64_t late_ns_sum;
	uint64_t deliveries;
};

static enum line_end
other(enum line_end end)
{
	return end == LINE_A ? LINE_Z : LINE_A;
}

/* The ends' ttys */

static bool
make_link(const struct end *end)
{
	if (end->link[0] == '\0')
		return true;
	(void)unlink(end->link);
	if (symlink(end->path, end->link) == 0)
		return true;
	perror(end->link);
	return false;
}

/* Raw before anybody opens it, or the tty would echo what arrives. */
static bool
make_tty(struct end *end)
{
	struct termios tty;

	end->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (end->master < 0 || grantpt(end->master) != 0 ||
	    unlockpt(end->master) != 0 ||
	    ptsname_r(end->master, end->path, sizeof(end->path)) != 0)
		return false;
	end->held = open(end->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (end->held < 0 || tcgetattr(end->held, &tty) != 0)
		return false;
	cfmakeraw(&tty);
	cfsetspeed(&tty, B115200);
	return tcsetattr(end->held, TCSANOW, &tty) == 0;
}

static bool
watch(int epoll_fd, int fd, uint32_t source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void
close_end(struct line *line, enum line_end which)
{
	struct end *end = &line->ends[which];

	if (end->link[0] != '\0')
		(void)unlink(end->link);
	if (end->watch >= 0)
		(void)inotify_rm_watch(line->inotify_fd, end->watch);
	if (end->held >= 0)
		close(end->held);
	if (end->master >= 0)
		close(end->master); /* leaves the epoll set with it */
	end->master = end->held = end->watch = -1;
	end->opens = 0;
}

static bool
open_end(struct line *line, enum line_end which)
{
	struct end *end = &line->ends[which];

	end->opens = 0;
	if (make_tty(end)) {
		end->watch = inotify_add_watch(
		    line->inotify_fd, end->path, IN_OPEN | IN_CLOSE);
		if (end->watch >= 0 &&
		    watch(line->epoll_fd, end->master, which) && make_link(end))
			return true;
	}
	perror("house: cannot make a pseudo-terminal");
	close_end(line, which);
	return false;
}

/* The wire */

static void
put_byte(struct line *line, enum line_end from, uint8_t byte, int64_t now)
{
	struct wire *wire = &line->wires[from];
	int64_t start = wire->free_ns > now ? wire->free_ns : now;
	unsigned at = wire->head % RING;

	line->counts.bytes[from]++;
	if (wire->head - wire->tail == RING) {
		line->counts.lost[from]++;
		return;
	}
	wire->free_ns = start + line->character_ns;
	wire->byte[at] = byte;
	wire->due_ns[at] = wire->free_ns;
	wire->head++;
}

static void
write_out(struct line *line, enum line_end from, uint8_t *bytes, size_t length)
{
	const struct end *end = &line->ends[other(from)];
	ssize_t written = 0;

	if (end == &line->ends[LINE_A])
		hearing_bytes(&line->hearing, end->held, bytes, length);
	if (end->master >= 0 && end->opens > 0)
		written = write(end->master, bytes, length);
	if (written < (ssize_t)length)
		line->counts.lost[from] +=
		    length - (written > 0 ? (size_t)written : 0);
}

static void
note_lateness(struct line *line, int64_t late_ns)
{
	if (late_ns > line->counts.late_ns_max)
		line->counts.late_ns_max = late_ns;
	line->late_ns_sum += late_ns;
	line->deliveries++;
}

/* Everything whose last bit is through by now. */
static void
deliver(struct line *line, enum line_end from, int64_t now)
{
	struct wire *wire = &line->wires[from];
	uint8_t bytes[CHUNK];
	size_t length = 0;
	int64_t due = 0;

	while (wire->tail != wire->head && length < sizeof(bytes) &&
	       wire->due_ns[wire->tail % RING] <= now) {
		if (length == 0)
			due = wire->due_ns[wire->tail % RING];
		bytes[length++] = wire->byte[wire->tail++ % RING];
	}
	if (length == 0)
		return;
	write_out(line, from, bytes, length);
	note_lateness(line, now - due);
}

static void
take(struct line *line, enum line_end from)
{
	uint8_t bytes[CHUNK];
	ssize_t got;
	int64_t now;

	if (line->ends[from].master < 0)
		return;
	while (
	    (got = read(line->ends[from].master, bytes, sizeof(bytes))) > 0) {
		now = now_ns();
		if (from == LINE_A)
			hearing_bytes(&line->hearing, line->ends[from].held,
			    bytes, (size_t)got);
		for (ssize_t i = 0; i < got; i++)
			put_byte(line, from, bytes[i], now);
	}
}

static void
set_timer(struct line *line)
{
	struct itimerspec at = { 0 };
	int64_t next = INT64_MAX;

	for (int from = LINE_A; from < LINE_ENDS; from++) {
		const struct wire *wire = &line->wires[from];

		if (wire->tail != wire->head &&
		    wire->due_ns[wire->tail % RING] < next)
			next = wire->due_ns[wire->tail % RING];
	}
	if (next == INT64_MAX)
		return;
	at.it_value = now_timespec(next);
	(void)timerfd_settime(line->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Who opens and closes the ttys */

static void
left(struct end *end)
{
	(void)tcflush(end->held, TCIFLUSH);
	(void)ioctl(end->held, TIOCNXCL);
}

static void
count_opens(struct line *line)
{
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t length = read(line->inotify_fd, buffer, sizeof(buffer));
	struct inotify_event event;

	for (ssize_t at = 0; at < length;
	     at += (ssize_t)(sizeof(event) + event.len)) {
		memcpy(&event, buffer + at, sizeof(event));
		for (int i = LINE_A; i < LINE_ENDS; i++) {
			struct end *end = &line->ends[i];

			if (end->watch != event.wd || end->master < 0)
				continue;
			if (event.mask & IN_OPEN)
				end->opens++;
			else if (event.mask & IN_CLOSE && --end->opens <= 0)
				left(end);
		}
	}
}

static void
serve(struct line *line, const struct epoll_event *events, int count)
{
	int64_t now;

	/* Opens first: the bytes at hand may be for the one who came. */
	for (int i = 0; i < count; i++)
		if (events[i].data.u32 == SOURCE_OPENS)
			count_opens(line);
	for (int i = 0; i < count; i++)
		if (events[i].data.u32 < LINE_ENDS)
			take(line, (enum line_end)events[i].data.u32);
	now = now_ns();
	deliver(line, LINE_A, now);
	deliver(line, LINE_Z, now);
	set_timer(line);
}

static void *
run(void *argument)
{
	struct line *line = argument;
	struct sched_param priority = { .sched_priority = 1 };
	struct epoll_event events[8];
	bool stop = false;

	/* Without the right to it, ordinary scheduling has to do. */
	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
	while (!stop) {
		int count = epoll_wait(line->epoll_fd, events, 8, -1);

		pthread_mutex_lock(&line->lock);
		serve(line, events, count > 0 ? count : 0);
		stop = line->stop;
		pthread_mutex_unlock(&line->lock);
	}
	return NULL;
}

static void
poke(struct line *line)
{
	(void)!write(line->poke_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

/* From outside */

/* The timer and the poke are edge-triggered: nobody has to read them. */
static bool
open_sources(struct line *line)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET,
		.data.u32 = SOURCE_OTHER };

	line->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	line->timer_fd =
	    timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	line->poke_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	line->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return line->epoll_fd >= 0 && line->timer_fd >= 0 &&
	       line->poke_fd >= 0 && line->inotify_fd >= 0 &&
	       epoll_ctl(line->epoll_fd, EPOLL_CTL_ADD, line->timer_fd,
		   &event) == 0 &&
	       epoll_ctl(
		   line->epoll_fd, EPOLL_CTL_ADD, line->poke_fd, &event) == 0 &&
	       watch(line->epoll_fd, line->inotify_fd, SOURCE_OPENS);
}

static void
close_sources(struct line *line)
{
	int fds[] = { line->epoll_fd, line->timer_fd, line->poke_fd,
		line->inotify_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

struct line *
line_open(uint32_t baud, const char *link_a, const char *link_z)
{
	struct line *line = calloc(1, sizeof(*line));
	const char *links[LINE_ENDS] = { link_a, link_z };
	bool good;

	if (line == NULL)
		return NULL;
	pthread_mutex_init(&line->lock, NULL);
	line->noise = (uint64_t)now_ns();
	line->character_ns = baud == 0 ? 0 : 10 * NOW_S / (int64_t)baud;
	good = open_sources(line);
	for (int i = LINE_A; i < LINE_ENDS; i++) {
		struct end *end = &line->ends[i];

		end->master = end->held = end->watch = -1;
		(void)snprintf(end->link, sizeof(end->link), "%s",
		    links[i] == NULL ? "" : links[i]);
		good = good && open_end(line, (enum line_end)i);
	}
	if (good && pthread_create(&line->thread, NULL, run, line) == 0)
		return line;
	close_end(line, LINE_A);
	close_end(line, LINE_Z);
	close_sources(line);
	free(line);
	return NULL;
}

void
line_set_format(struct line *line, uint32_t baud, const char *format)
{
	unsigned bits = 9u + (format[1] != 'N') + (unsigned)(format[2] - '0');

	pthread_mutex_lock(&line->lock);
	line->hearing = (struct hearing){ .baud = baud, .parity = format[1] };
	line->character_ns = bits * NOW_S / (int64_t)baud;
	pthread_mutex_unlock(&line->lock);
}

void
line_shut(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	line->stop = true;
	pthread_mutex_unlock(&line->lock);
	poke(line);
	pthread_join(line->thread, NULL);
	close_end(line, LINE_Z);
	close_end(line, LINE_A);
	close_sources(line);
}

void
line_close(struct line *line)
{
	line_shut(line);
	pthread_mutex_destroy(&line->lock);
	free(line);
}

const char *
line_path(const struct line *line, enum line_end end)
{
	return line->ends[end].path;
}

bool
line_unplug(struct line *line)
{
	bool was;

	pthread_mutex_lock(&line->lock);
	was = line->ends[LINE_A].master >= 0;
	if (was)
		close_end(line, LINE_A);
	pthread_mutex_unlock(&line->lock);
	return was;
}

bool
line_plug(struct line *line)
{
	bool good;

	pthread_mutex_lock(&line->lock);
	good = line->ends[LINE_A].master < 0 && open_end(line, LINE_A);
	pthread_mutex_unlock(&line->lock);
	return good;
}

void
line_noise(struct line *line, unsigned bytes)
{
	int64_t now = now_ns();

	pthread_mutex_lock(&line->lock);
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t byte;

		line->noise =
		    line->noise * 6364136223846793005u + 1442695040888963407u;
		byte = (uint8_t)(line->noise >> 56);
		put_byte(line, LINE_A, byte, now);
		put_byte(line, LINE_Z, byte, now);
	}
	pthread_mutex_unlock(&line->lock);
	poke(line);
}

struct line_counts
line_count(struct line *line)
{
	struct line_counts counts;

	pthread_mutex_lock(&line->lock);
	counts = line->counts;
	if (line->deliveries > 0)
		counts.late_ns_mean =
		    line->late_ns_sum / (int64_t)line->deliveries;
	pthread_mutex_unlock(&line->lock);
	return counts;
}
