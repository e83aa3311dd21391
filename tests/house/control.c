/* SPDX-License-Identifier: MIT */
#include "tests/house/control.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/house/desk.h"

enum { TEXT_SIZE = 4096, WORDS = DESK_WORDS };

/* What a command needs and where its answer goes. */
struct call {
	struct house *house;
	const char *words[WORDS];
	double number;
	char *answer; /* TEXT_SIZE; "ok" unless it is written */
	char *more; /* or this, longer; owned */
};

static void
fail(const struct call *call, const char *why)
{
	(void)snprintf(call->answer, TEXT_SIZE, "error: %s", why);
}

static struct line *
find_line(const struct call *call)
{
	struct line *line = street_line(&call->house->street, call->words[1]);

	for (int i = 0; i < HOUSE_LINES && line == NULL; i++)
		if (strcmp(house_line_name((enum house_line)i),
			call->words[1]) == 0)
			line = call->house->lines[i];
	if (line == NULL)
		fail(call, "no such line");
	return line;
}

/* The commands */

static void
do_silent(struct call *call)
{
	atomic_store(&call->house->meter.silent, true);
}

static void
do_answer(struct call *call)
{
	atomic_store(&call->house->meter.silent, false);
}

static void
do_delay(struct call *call)
{
	atomic_store(&call->house->meter.delay_ms, (int)call->number);
}

static void
do_late(struct call *call)
{
	atomic_store(&call->house->meter.late_ms, (int)call->number);
}

static void
do_spoil(struct call *call)
{
	atomic_store(&call->house->meter.spoil, (int)call->number);
}

static void
do_load(struct call *call)
{
	world_fix_load(&call->house->world, call->number);
}

static void
do_sun(struct call *call)
{
	world_fix_sun(&call->house->world, call->number);
}

static void
do_auto(struct call *call)
{
	world_release(&call->house->world);
}

static void
do_stop(struct call *call)
{
	inverter_set_asking(&call->house->inverter, false);
}

static void
do_go(struct call *call)
{
	inverter_set_asking(&call->house->inverter, true);
}

static void
do_period(struct call *call)
{
	inverter_set_period(&call->house->inverter, (int)call->number);
}

static void
do_unplug(struct call *call)
{
	struct line *line = find_line(call);

	if (line != NULL && !line_unplug(line))
		fail(call, "it is not plugged in");
}

static void
do_plug(struct call *call)
{
	struct line *line = find_line(call);

	if (line != NULL && !line_plug(line))
		fail(call, "it is plugged in already, or no tty could be had");
}

static void
do_noise(struct call *call)
{
	struct line *line = find_line(call);

	if (line != NULL)
		line_noise(line, (unsigned)call->number);
}

static size_t
describe_lines(const struct house *house, char *text, size_t room)
{
	size_t length = 0;

	for (int i = 0; i < HOUSE_LINES && length < room; i++) {
		struct line_counts counts = line_count(house->lines[i]);

		length += (size_t)snprintf(text + length, room - length,
		    "%s\"%s\":{\"to_house\":%llu,\"from_house\":%llu,"
		    "\"lost\":%llu,\"late_us_mean\":%lld,\"late_us_max\":%lld}",
		    i == 0 ? "" : ",", house_line_name((enum house_line)i),
		    (unsigned long long)counts.bytes[LINE_A],
		    (unsigned long long)counts.bytes[LINE_Z],
		    (unsigned long long)(counts.lost[LINE_A] +
					 counts.lost[LINE_Z]),
		    (long long)counts.late_ns_mean / 1000,
		    (long long)counts.late_ns_max / 1000);
	}
	return length;
}

static void
do_state(struct call *call)
{
	const struct house *house = call->house;
	const struct inverter *inverter = &house->inverter;
	struct world_view view = world_look(&call->house->world);
	char lines[TEXT_SIZE / 2];

	if (house->options.devices_only) {
		fail(call, "there are devices only");
		return;
	}
	(void)describe_lines(house, lines, sizeof(lines));
	(void)snprintf(call->answer, TEXT_SIZE,
	    "{\"grid_w\":%.2f,\"load_w\":%.2f,\"pv_w\":%.2f,"
	    "\"battery_w\":%.2f,\"soc_pct\":%.3f,\"inverter_w\":%.2f,"
	    "\"shown_w\":%.0f,\"shown_ok\":%s,\"failsafe\":%s,"
	    "\"meter\":{\"requests\":%u,\"answers\":%u,\"refused\":%u,"
	    "\"broken\":%u},"
	    "\"inverter\":{\"requests\":%u,\"answers\":%u,\"timeouts\":%u,"
	    "\"refused\":%u,\"broken\":%u},"
	    "\"port\":{\"requests\":%u,\"answers\":%u},\"lines\":{%s}}",
	    view.plant.grid_w, view.plant.load_w, view.plant.pv_w,
	    view.plant.battery_w, plant_soc_pct(&view.plant),
	    view.plant.output_w, view.shown_w, view.shown_ok ? "true" : "false",
	    view.plant.lost ? "true" : "false", house->meter.requests,
	    house->meter.answers, house->meter.refused, house->meter.broken,
	    inverter->requests, inverter->answers, inverter->timeouts,
	    inverter->refused, inverter->broken, house->port.requests,
	    house->port.answers, lines);
}

/* The same for all that is said to a device made from a map. */
static void
do_device(struct call *call)
{
	const char *why = NULL;

	call->more = desk_obey(&call->house->street, call->words, &why);
	if (why != NULL)
		fail(call, why);
}

static void
do_quit(struct call *call)
{
	(void)call;
}

/* What is in capitals is left open, # is a number from low to high, and REST
 * all that is left. */
static const struct command {
	const char *words[WORDS];
	void (*run)(struct call *call);
	double low;
	double high;
	const char *text;
} commands[] = {
	{ { "meter", "silent" }, do_silent, 0, 0, "it answers nothing" },
	{ { "meter", "answer" }, do_answer, 0, 0, "it answers again" },
	{ { "meter", "delay", "#" }, do_delay, 0, 10000,
	    "milliseconds before each answer" },
	{ { "meter", "late", "#" }, do_late, 1, 10000,
	    "the next answer comes so many milliseconds late" },
	{ { "meter", "spoil", "#" }, do_spoil, 0, 1e6,
	    "so many answers have a wrong CRC" },
	{ { "load", "#" }, do_load, 0, 50000, "fixed load in W" },
	{ { "pv", "#" }, do_sun, 0, 50000, "fixed sun in W" },
	{ { "auto" }, do_auto, 0, 0, "appliances and clouds" },
	{ { "ask", "stop" }, do_stop, 0, 0, "the inverter asks no more" },
	{ { "ask", "go" }, do_go, 0, 0, "it asks again" },
	{ { "ask", "#" }, do_period, 1, 60000, "its period in ms" },
	{ { "unplug", "LINE" }, do_unplug, 0, 0, "the adapter is pulled" },
	{ { "plug", "LINE" }, do_plug, 0, 0, "it is put back" },
	{ { "noise", "LINE", "#" }, do_noise, 1, 4096, "random bytes" },
	{ { "silent", "NAME" }, do_device, 0, 0, "it answers nothing" },
	{ { "answer", "NAME" }, do_device, 0, 0, "it answers again" },
	{ { "device", "NAME" }, do_device, 0, 0, "counts, watchdog, as JSON" },
	{ { "list", "NAME" }, do_device, 0, 0, "all its points, as JSON" },
	{ { "get", "NAME" }, do_device, 0, 0, "the same" },
	{ { "get", "NAME", "POINT" }, do_device, 0, 0, "one of them" },
	{ { "set", "NAME", "POINT", "REST" }, do_device, 0, 0,
	    "a number, a text, or none" },
	{ { "state" }, do_state, 0, 0, "what is true now, as JSON" },
	{ { "quit" }, do_quit, 0, 0, "the house ends" },
};

void
control_usage(void)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *command = &commands[i];
		char words[64];
		size_t length = 0;

		for (int j = 0; j < WORDS && command->words[j] != NULL; j++)
			length += (size_t)snprintf(words + length,
			    sizeof(words) - length, "%s ", command->words[j]);
		fprintf(stderr, "  %-20s %s\n", words, command->text);
	}
}

/* Reading a command */

/* 1: fits; 0: does not; -1: a number outside its range. */
static int
match(const struct command *command, char *const *words, struct call *call)
{
	char *end;

	for (int i = 0; i < WORDS; i++) {
		const char *want = command->words[i];

		if (want == NULL || words[i] == NULL)
			return want == NULL && words[i] == NULL;
		call->words[i] = words[i];
		if (isupper((unsigned char)want[0])) {
			continue;
		} else if (strcmp(want, "#") == 0) {
			call->number = strtod(words[i], &end);
			if (end == words[i] || *end != '\0')
				return 0;
			if (!(call->number >= command->low &&
				call->number <= command->high))
				return -1;
		} else if (strcmp(want, words[i]) != 0) {
			return 0;
		}
	}
	return true;
}

/* True: quit. */
static bool
obey(struct call *call, char *text)
{
	char *words[WORDS] = { NULL }, *rest = text;

	/* The last may have spaces in it. */
	for (int i = 0; i < WORDS; i++)
		words[i] = strtok_r(i == 0 ? text : NULL,
		    i == WORDS - 1 ? "\r\n" : " \t\r\n", &rest);
	(void)snprintf(call->answer, TEXT_SIZE, "ok");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		int fits = match(&commands[i], words, call);

		if (fits < 0) {
			fail(call, "out of range");
			return false;
		}
		if (fits > 0) {
			commands[i].run(call);
			return commands[i].run == do_quit;
		}
	}
	fail(call, "no such command");
	return false;
}

/* The socket */

static bool
address_of(const char *dir, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(
	    address->sun_path, sizeof(address->sun_path), "%s/control", dir);
	if (length > 0 && (size_t)length < sizeof(address->sun_path))
		return true;
	fprintf(stderr, "house: %s: the path is too long for a socket\n", dir);
	return false;
}

int
control_listen(const char *dir)
{
	struct sockaddr_un address;
	int fd;

	if (!address_of(dir, &address))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)unlink(address.sun_path);
	if (fd >= 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	fprintf(stderr, "house: %s: %s\n", address.sun_path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

void
control_close(const char *dir, int fd)
{
	struct sockaddr_un address;

	if (fd < 0 || !address_of(dir, &address))
		return;
	(void)unlink(address.sun_path);
	close(fd);
}

static void
send_line(int peer, const char *text)
{
	(void)send(peer, text, strlen(text), MSG_NOSIGNAL | MSG_MORE);
	(void)send(peer, "\n", 1, MSG_NOSIGNAL);
}

bool
control_serve(int fd, struct house *house)
{
	char text[TEXT_SIZE] = "", answer[TEXT_SIZE];
	struct call call = { .house = house, .answer = answer };
	/* Who says nothing must not hold up the others. */
	struct timeval patience = { .tv_sec = 1 };
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	bool quit = false;
	ssize_t length;

	if (peer < 0)
		return false;
	(void)setsockopt(
	    peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	length = recv(peer, text, sizeof(text) - 1, 0);
	if (length > 0) {
		text[length] = '\0';
		quit = obey(&call, text);
		send_line(peer, call.more == NULL ? answer : call.more);
	}
	free(call.more);
	close(peer);
	return quit;
}

int
control_tell(const char *dir, const char *command)
{
	struct sockaddr_un address;
	char part[TEXT_SIZE];
	bool good = false, first = true;
	ssize_t got;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !address_of(dir, &address))
		return 1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) !=
	    0) {
		fprintf(stderr, "house: %s: %s\n", address.sun_path,
		    strerror(errno));
		return 1;
	}
	(void)send(fd, command, strlen(command), MSG_NOSIGNAL);
	for (; (got = recv(fd, part, sizeof(part), 0)) > 0; first = false) {
		if (first)
			good = part[0] != 'e';
		(void)fwrite(part, 1, (size_t)got, stdout);
	}
	close(fd);
	return !good;
}
