/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tests/house/control.h"
#include "tests/house/house.h"

enum { EXIT_USAGE = 64 };

struct arguments {
	struct house_options house;
	bool line_only;
	bool with_parent;
	const char *link_a;
	const char *link_z;
	const char *format; /* of the line alone; NULL: no matter */
	const char *tell; /* the folder */
};

static void
usage(void)
{
	fputs("usage: house --dir DIR [--baud N] [--truth FILE] "
	      "[--frames FILE] [--seed N]\n"
	      "             [--calm] [--load W] [--pv W] [--ask-ms N] "
	      "[--ask-way solis|sdm630]\n"
	      "             [--meter sdm630|sdm120] [--delay-ms N] "
	      "[--refresh-ms N]\n"
	      "             [--inverter-phases 1|3] [--with-parent]\n"
	      "             [--device NAME:MAP_FILE:LINE:UNIT ...] "
	      "[--devices-only] [--fast N]\n"
	      "       house --line-only --link-a PATH --link-z PATH "
	      "[--baud N]\n"
	      "             [--format 8N1|8E1|8O1|8N2] [--with-parent]\n"
	      "       house --tell DIR COMMAND\n"
	      "Baud 0 is a line without pacing. With a format, end a is heard "
	      "only when it\nis set like that. Commands:\n",
	    stderr);
	control_usage();
	exit(EXIT_USAGE);
}

/* Options */

static double
number(const char *name, const char *text, double low, double high)
{
	char *end;
	double value = strtod(text, &end);

	if (end != text && *end == '\0' && value >= low && value <= high)
		return value;
	fprintf(stderr, "house: --%s %s: want a number from %.0f to %.0f\n",
	    name, text, low, high);
	exit(EXIT_USAGE);
}

static void
set_dir(struct arguments *to, const char *name, const char *value)
{
	to->house.dir = value;
}

static void
set_truth(struct arguments *to, const char *name, const char *value)
{
	to->house.truth = value;
}

static void
set_frames(struct arguments *to, const char *name, const char *value)
{
	to->house.frames = value;
}

static void
set_baud(struct arguments *to, const char *name, const char *value)
{
	to->house.baud = (uint32_t)number(name, value, 0, 4000000);
}

static void
set_seed(struct arguments *to, const char *name, const char *value)
{
	to->house.seed = (uint64_t)number(name, value, 0, 4e9);
}

static void
set_load(struct arguments *to, const char *name, const char *value)
{
	to->house.load_fixed = true;
	to->house.load_w = number(name, value, 0, 50000);
}

static void
set_pv(struct arguments *to, const char *name, const char *value)
{
	to->house.sun_fixed = true;
	to->house.sun_w = number(name, value, 0, 50000);
}

/* --load and --pv go before it, in whatever order they stand. */
static void
set_calm(struct arguments *to, const char *name, const char *value)
{
	if (!to->house.load_fixed)
		set_load(to, name, "800");
	if (!to->house.sun_fixed)
		set_pv(to, name, "1200");
}

static void
set_ask_ms(struct arguments *to, const char *name, const char *value)
{
	to->house.ask_ms = (int)number(name, value, 1, 60000);
}

static void
set_ask_way(struct arguments *to, const char *name, const char *value)
{
	if (strcmp(value, "solis") != 0 && strcmp(value, "sdm630") != 0)
		usage();
	to->house.ask_way = value[1] == 'o' ? INVERTER_SOLIS : INVERTER_SDM630;
}

static void
set_meter(struct arguments *to, const char *name, const char *value)
{
	if (strcmp(value, "sdm630") != 0 && strcmp(value, "sdm120") != 0)
		usage();
	to->house.meter = value[3] == '6' ? METER_SDM630 : METER_SDM120;
}

static void
set_delay(struct arguments *to, const char *name, const char *value)
{
	to->house.delay_ms = (int)number(name, value, 0, 10000);
}

static void
set_refresh(struct arguments *to, const char *name, const char *value)
{
	to->house.refresh_ms = (int)number(name, value, 1, 60000);
}

static void
set_phases(struct arguments *to, const char *name, const char *value)
{
	to->house.inverter_phases = value[0] == '1' ? 1 : LIFE_PHASES;
}

static void
set_line_only(struct arguments *to, const char *name, const char *value)
{
	to->line_only = true;
}

static void
set_link_a(struct arguments *to, const char *name, const char *value)
{
	to->link_a = value;
}

static void
set_link_z(struct arguments *to, const char *name, const char *value)
{
	to->link_z = value;
}

static void
set_format(struct arguments *to, const char *name, const char *value)
{
	if (strlen(value) != 3 || value[0] != '8' ||
	    strchr("NEO", value[1]) == NULL || strchr("12", value[2]) == NULL)
		usage();
	to->format = value;
}

static void
set_with_parent(struct arguments *to, const char *name, const char *value)
{
	to->with_parent = true;
}

static void
set_tell(struct arguments *to, const char *name, const char *value)
{
	to->tell = value;
}

static void
add_device(struct arguments *to, const char *name, const char *value)
{
	if (to->house.devices_count == HOUSE_DEVICES_MAX)
		usage();
	to->house.devices[to->house.devices_count++] = value;
}

static void
set_devices_only(struct arguments *to, const char *name, const char *value)
{
	to->house.devices_only = true;
}

static void
set_fast(struct arguments *to, const char *name, const char *value)
{
	to->house.fast = number(name, value, 1, 10000);
}

static const struct setting {
	const char *name;
	int has_value;
	void (*set)(struct arguments *to, const char *name, const char *value);
} settings[] = {
	{ "dir", required_argument, set_dir },
	{ "truth", required_argument, set_truth },
	{ "frames", required_argument, set_frames },
	{ "baud", required_argument, set_baud },
	{ "seed", required_argument, set_seed },
	{ "calm", no_argument, set_calm },
	{ "load", required_argument, set_load },
	{ "pv", required_argument, set_pv },
	{ "ask-ms", required_argument, set_ask_ms },
	{ "ask-way", required_argument, set_ask_way },
	{ "meter", required_argument, set_meter },
	{ "delay-ms", required_argument, set_delay },
	{ "refresh-ms", required_argument, set_refresh },
	{ "inverter-phases", required_argument, set_phases },
	{ "line-only", no_argument, set_line_only },
	{ "link-a", required_argument, set_link_a },
	{ "link-z", required_argument, set_link_z },
	{ "format", required_argument, set_format },
	{ "with-parent", no_argument, set_with_parent },
	{ "tell", required_argument, set_tell },
	{ "device", required_argument, add_device },
	{ "devices-only", no_argument, set_devices_only },
	{ "fast", required_argument, set_fast },
};
enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static struct arguments
parse(int argc, char **argv)
{
	struct arguments arguments = { .house = { .baud = 9600,
					   .seed = 1,
					   .ask_ms = 1000,
					   .delay_ms = 20,
					   .refresh_ms = 100,
					   .fast = 1,
					   .inverter_phases = LIFE_PHASES } };
	struct option options[SETTINGS + 1] = { 0 };
	int index, result;

	for (int i = 0; i < SETTINGS; i++)
		options[i] = (struct option){ .name = settings[i].name,
			.has_arg = settings[i].has_value };
	while ((result = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (result != 0)
			usage();
		settings[index].set(&arguments, settings[index].name, optarg);
	}
	return arguments;
}

/* Running */

static int
open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	/* Before any thread: they inherit it. */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static void
wait_signal(int signals)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };

	while (poll(&fd, 1, -1) != 1)
		continue;
}

static int
run_line(const struct arguments *arguments, int signals)
{
	struct line *line;

	if (arguments->link_a == NULL || arguments->link_z == NULL)
		usage();
	line = line_open(
	    arguments->house.baud, arguments->link_a, arguments->link_z);
	if (line == NULL)
		return 1;
	if (arguments->format != NULL && arguments->house.baud > 0)
		line_set_format(line, arguments->house.baud, arguments->format);
	puts("ready");
	(void)fflush(stdout);
	wait_signal(signals);
	line_close(line);
	return 0;
}

static void
serve(struct house *house, int signals, int control)
{
	struct pollfd fds[] = { { .fd = signals, .events = POLLIN },
		{ .fd = control, .events = POLLIN } };
	bool quit = false;

	while (!quit) {
		(void)poll(fds, 2, -1);
		quit = (fds[0].revents & POLLIN) != 0 ||
		       ((fds[1].revents & POLLIN) != 0 &&
			   control_serve(control, house));
	}
}

static int
run_house(const struct arguments *arguments, int signals)
{
	static struct house house;
	const char *dir = arguments->house.dir;
	bool good;
	int control;

	if (dir == NULL)
		usage();
	control = control_listen(dir);
	good = control >= 0 && house_start(&house, &arguments->house);
	if (good) {
		puts("ready");
		(void)fflush(stdout);
		serve(&house, signals, control);
	}
	control_close(dir, control);
	house_stop(&house);
	/* Threads are still about: no destructors under their feet. */
	_exit(good ? 0 : 1);
}

int
main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct arguments arguments = parse(argc, argv);
	int signals;

	if (arguments.tell != NULL) {
		if (optind + 1 != argc)
			usage();
		return control_tell(arguments.tell, argv[optind]);
	}
	if (optind != argc)
		usage();
	if (arguments.with_parent) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			return 1; /* it was gone before */
	}
	signals = open_signals();
	return arguments.line_only ? run_line(&arguments, signals)
	                           : run_house(&arguments, signals);
}
