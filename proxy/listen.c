/* SPDX-License-Identifier: MIT */
#include "proxy/listen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "proxy/holder.h"
#include "proxy/listen_report.h"
#include "proxy/port.h"
#include "proxy/progress.h"
#include "proxy/rtu.h"
#include "proxy/scan_options.h"
#include "proxy/skeleton.h"
#include "proxy/sniff.h"
#include "proxy/tune.h"

enum {
	/* Chunks of USB adapters come up to 16 ms apart. */
	SILENCE_LEAST_MS = 20,
	/* The speed must be found in so many times the wanted seconds. */
	TUNE_TIMES = 3,
};

static volatile sig_atomic_t stop;

struct ear {
	const struct scan_options *options;
	const char *path;
	struct port port;
	int fd; /* -1: closed */
	struct tune tune;
	struct sniff sniff;
	struct polls polls;
	struct progress progress;
	uint64_t bytes;
	bool gone;
};

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void
left_out(const char *reason)
{
	fprintf(stderr, "gridshim: a map is left out: %s\n", reason);
}

static const struct scan_plan_setting *
setting_of(const struct ear *ear)
{
	return &ear->tune.settings[ear->tune.at];
}

static void
close_ear(struct ear *ear)
{
	if (ear->fd < 0)
		return;
	port_close(&ear->port);
	port_free(&ear->port);
	ear->fd = -1;
}

static void
complain(const struct ear *ear, int error)
{
	char who[80];

	if ((error == EWOULDBLOCK || error == EBUSY) &&
	    holder_find(ear->path, who, sizeof(who)))
		fprintf(stderr, "gridshim: %s: in use by %s; stop it first\n",
		    ear->path, who);
	else
		fprintf(stderr, "gridshim: %s: %s\n", ear->path,
		    error == EWOULDBLOCK ? "in use by another program"
					 : strerror(error));
}

/* At the present setting; what was heard at another is not comparable. */
static bool
open_ear(struct ear *ear)
{
	const struct scan_plan_setting *setting = setting_of(ear);

	close_ear(ear);
	sniff_init(&ear->sniff);
	memset(&ear->polls, 0, sizeof(ear->polls));
	if (port_init(
		&ear->port, ear->path, setting->baud, setting->format, false)) {
		ear->fd = port_open(&ear->port);
		if (ear->fd >= 0)
			return true;
		int error = errno;
		port_free(&ear->port);
		errno = error;
	}
	complain(ear, errno);
	return false;
}

static void
take_events(struct ear *ear, bool silent)
{
	struct sniff_event event;

	while (sniff_next(&ear->sniff, silent, &event))
		polls_add(&ear->polls, &event, clock_now());
}

static bool
judge(struct ear *ear)
{
	if (!tune_judge(&ear->tune, ear->sniff.frames, ear->sniff.framed,
		ear->sniff.dropped))
		return true;
	progress_tell(&ear->progress,
	    "%s: %llu bytes, but no frames; trying %u %s", ear->path,
	    (unsigned long long)ear->sniff.dropped, setting_of(ear)->baud,
	    setting_of(ear)->format);
	return open_ear(ear);
}

static int
silence_ms(const struct ear *ear)
{
	int t35_ms = (int)(rtu_t35_us(setting_of(ear)->baud) / 1000) + 1;

	return t35_ms > SILENCE_LEAST_MS ? t35_ms : SILENCE_LEAST_MS;
}

/* One read. False: the end, by an error. */
static bool
hear(struct ear *ear)
{
	struct pollfd fd = { .fd = ear->fd, .events = POLLIN };
	uint8_t *into;
	size_t room;
	ssize_t got;

	if (poll(&fd, 1, silence_ms(ear)) <= 0) {
		/* What came is all there is of it. */
		take_events(ear, true);
		return judge(ear);
	}
	into = sniff_room(&ear->sniff, &room);
	got = read(ear->fd, into, room);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0) {
		fprintf(
		    stderr, "gridshim: %s: the device went away\n", ear->path);
		ear->gone = true;
		return false;
	}
	ear->bytes += (size_t)got;
	sniff_filled(&ear->sniff, (size_t)got);
	take_events(ear, false);
	/* Where the line is never silent: garbage of many frames, or some good
	 * ones. */
	return (ear->sniff.frames < 2 && ear->sniff.dropped < SNIFF_BUFFER) ||
	       judge(ear);
}

static bool
is_done(const struct ear *ear, struct mono began, struct mono locked)
{
	int64_t wanted_us = (int64_t)ear->options->seconds * 1000000;
	struct mono now = clock_now();

	if (mono_is_set(locked))
		return mono_diff_us(now, locked) >= wanted_us;
	/* A line on which nothing is heard at all has nothing to be found. */
	return mono_diff_us(now, began) >=
	       (ear->bytes == 0 ? 1 : TUNE_TIMES) * wanted_us;
}

/* The seconds that were listened for at the last setting. */
static double
listen_for(struct ear *ear)
{
	struct mono began = clock_now(), locked = { 0 };
	char what[280];

	snprintf(what, sizeof(what), "%.200s: listening", ear->path);
	while (stop == 0 && !is_done(ear, began, locked)) {
		if (!hear(ear))
			break;
		if (ear->tune.locked && !mono_is_set(locked)) {
			locked = clock_now();
			progress_tell(&ear->progress, "%s: frames at %u %s",
			    ear->path, setting_of(ear)->baud,
			    setting_of(ear)->format);
		}
		progress_step(&ear->progress, what,
		    (unsigned)(mono_diff_us(clock_now(), began) / 100000),
		    10 * ear->options->seconds);
	}
	progress_end(&ear->progress);
	return (double)mono_diff_us(
		   clock_now(), mono_is_set(locked) ? locked : began) /
	       1e6;
}

static bool
write_map(const struct ear *ear)
{
	const char *path = ear->options->write_map;
	uint8_t unit = ear->options->unit != 0
	                   ? (uint8_t)ear->options->unit
	                   : listen_report_busiest(&ear->polls);
	FILE *file = fopen(path, "we");
	bool good;

	if (file == NULL) {
		fprintf(stderr, "gridshim: %s: %s\n", path, strerror(errno));
		return false;
	}
	good = skeleton_write(file, &ear->polls, unit, setting_of(ear));
	if (!good)
		fprintf(stderr, "gridshim: nothing was read that a map could "
				"be made of\n");
	if (fclose(file) != 0) {
		fprintf(stderr, "gridshim: %s: %s\n", path, strerror(errno));
		good = false;
	}
	if (!good)
		(void)unlink(path);
	return good;
}

static int
report(struct ear *ear, const struct catalogue *catalogue, double seconds)
{
	struct listen_report report = { .path = ear->path,
		.catalogue = catalogue,
		.polls = &ear->polls,
		.setting = *setting_of(ear),
		.locked = ear->tune.locked,
		.frames = ear->sniff.frames,
		.dropped = ear->sniff.dropped,
		.bytes = ear->bytes,
		.seconds = seconds };
	bool good = ear->options->json ? listen_report_json(&report, stdout)
	                               : listen_report_text(&report, stdout);

	if (ear->options->write_map != NULL && !write_map(ear))
		return EX_CANTCREAT;
	return good ? EX_OK : EX_UNAVAILABLE;
}

static int
listen_with(const struct scan_options *options)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct ear *ear = calloc(1, sizeof(*ear));
	struct catalogue catalogue;
	char error[512];
	int code = EX_NOINPUT;

	if (ear == NULL)
		return EX_OSERR;
	if (!catalogue_load(
		&catalogue, options->map_dir, left_out, error, sizeof(error))) {
		fprintf(stderr, "gridshim: %s\n", error);
		free(ear);
		return EX_CONFIG;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ear->options = options;
	ear->path = options->lines[0];
	ear->fd = -1;
	tune_init(&ear->tune, &options->scope);
	progress_begin(&ear->progress);
	if (open_ear(ear)) {
		double seconds = listen_for(ear);

		take_events(ear, true);
		code = report(ear, &catalogue, seconds);
	}
	close_ear(ear);
	catalogue_free(&catalogue);
	free(ear);
	return code;
}

int
listen_main(int argc, char **argv)
{
	struct scan_options options;

	if (!scan_options_parse(&options, argc, argv))
		return EX_USAGE;
	if (options.help) {
		fputs(scan_options_text(argv[0]), stdout);
		return EX_OK;
	}
	if (options.lines_count == 1)
		return listen_with(&options);
	fputs("gridshim: listen on one line at a time: gridshim listen -l "
	      "DEVICE\n",
	    stderr);
	return EX_USAGE;
}
