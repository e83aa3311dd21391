/* SPDX-License-Identifier: MIT */
#include "proxy/scan_bus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proxy/holder.h"
#include "proxy/pdu.h"
#include "proxy/prober.h"

enum {
	BUSY_BYTES = 4, /* less is noise of a plug */
	PROBE_WORDS = 2, /* many want whole values, of two registers */
	TRIES = 2,
	DEVICE_WAIT_LEAST_MS = 150,
	DEVICE_WAIT_MOST_MS = 1000,
	IDENTITY_WAIT_MS = 400,
	MEI_HEAD = 7, /* of the reply's PDU, up to the first object */
	MEI = 43,
	REPORT_ID = 17,
};

struct bus {
	struct scan_report *report;
	unsigned line;
	const struct scan_bus_options *options;
	struct progress *progress;
	struct scan_plan plan;
	struct scan_plan_setting setting; /* that the prober is at */
	struct prober prober;
	bool is_open;
	bool seen[SCAN_PLAN_UNITS];
};

/* One device, for recognise.h. */
struct target {
	struct bus *bus;
	uint8_t unit;
	int wait_ms;
	uint32_t latency_us; /* the worst so far */
};

static struct scan_report_line *
line_of(struct bus *bus)
{
	return &bus->report->lines[bus->line];
}

static void
close_bus(struct bus *bus)
{
	if (!bus->is_open)
		return;
	line_of(bus)->echo = line_of(bus)->echo || bus->prober.echoes;
	prober_close(&bus->prober);
	bus->is_open = false;
}

static void
refuse_open(struct bus *bus, int error)
{
	struct scan_report_line *line = line_of(bus);
	char who[80];

	if (error != EWOULDBLOCK && error != EBUSY)
		snprintf(line->refused, sizeof(line->refused), "%s",
		    strerror(error));
	else if (holder_find(line->path, who, sizeof(who)))
		snprintf(line->refused, sizeof(line->refused),
		    "in use by %s; stop it first", who);
	else
		snprintf(line->refused, sizeof(line->refused),
		    "in use by another program; stop it first");
}

static bool
open_bus(struct bus *bus, const struct scan_plan_setting *setting)
{
	if (bus->is_open && bus->setting.baud == setting->baud &&
	    strcmp(bus->setting.format, setting->format) == 0)
		return true;
	close_bus(bus);
	if (!prober_open(&bus->prober, line_of(bus)->path, setting->baud,
		setting->format)) {
		refuse_open(bus, errno);
		return false;
	}
	bus->setting = *setting;
	bus->is_open = true;
	return true;
}

/* Two who ask on one wire spoil each other's answers, and an inverter that
 * loses its meter stops. */
static bool
is_still(struct bus *bus)
{
	struct scan_report_line *line = line_of(bus);
	int heard = 0;

	for (unsigned i = 0; i < bus->options->before_s && heard == 0 &&
			     *bus->options->stop == 0;
	     i++)
		heard = prober_hear(&bus->prober, 1000);
	if (heard < 0)
		snprintf(line->refused, sizeof(line->refused),
		    "the device went away");
	else if (heard >= BUSY_BYTES)
		snprintf(line->refused, sizeof(line->refused),
		    "somebody else asks on this line (%d bytes heard); see "
		    "gridshim listen",
		    heard);
	return line->refused[0] == '\0';
}

/* Recognising */

static void
learn_latency(struct target *target, const struct prober_reply *reply)
{
	int wait_ms;

	if (reply->latency_us > target->latency_us)
		target->latency_us = reply->latency_us;
	wait_ms = (int)(4 * target->latency_us / 1000);
	if (wait_ms > target->wait_ms)
		target->wait_ms = wait_ms > DEVICE_WAIT_MOST_MS
		                      ? DEVICE_WAIT_MOST_MS
		                      : wait_ms;
}

static bool
is_busy(const struct prober_reply *reply)
{
	return reply->pdu[1] == 5 || reply->pdu[1] == PDU_BUSY;
}

static enum recognise_answer
read_target(void *context, uint8_t function, uint16_t address, uint16_t count,
    uint16_t *words)
{
	struct target *target = context;
	struct prober_reply reply;

	for (int i = 0; i < TRIES; i++) {
		enum prober_result result =
		    prober_read(&target->bus->prober, target->unit, function,
			address, count, target->wait_ms, words, &reply);

		if (result == PROBER_LOST)
			return RECOGNISE_SILENT;
		if (result != PROBER_REPLY && result != PROBER_EXCEPTION)
			continue;
		learn_latency(target, &reply);
		if (result == PROBER_REPLY)
			return RECOGNISE_WORDS;
		if (!is_busy(&reply))
			return reply.pdu[1] == PDU_ILLEGAL_FUNCTION
			           ? RECOGNISE_NO_FUNCTION
			           : RECOGNISE_NO_ADDRESS;
	}
	return RECOGNISE_SILENT;
}

static void
put_printable(char *text, unsigned size, const uint8_t *bytes, unsigned length)
{
	size_t used = strlen(text);

	if (used > 0 && used + 1 < size)
		text[used++] = ' ';
	for (unsigned i = 0; i < length && used + 1 < size && bytes[i] != 0;
	     i++)
		text[used++] =
		    bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '?';
	text[used] = '\0';
}

bool
scan_bus_identity(
    const uint8_t *pdu, unsigned length, char *text, unsigned size)
{
	unsigned at = MEI_HEAD;

	text[0] = '\0';
	if (length < MEI_HEAD || pdu[0] != MEI || pdu[1] != 14)
		return false;
	for (unsigned left = pdu[6]; left > 0; left--) {
		if (at + 2 > length || at + 2 + pdu[at + 1] > length)
			return false;
		put_printable(text, size, pdu + at + 2, pdu[at + 1]);
		at += 2u + pdu[at + 1];
	}
	return true;
}

/* What it says of itself, where no map knows it. */
static void
ask_identity(struct bus *bus, struct scan_report_device *device)
{
	static const uint8_t identify[] = { MEI, 14, 1, 0 };
	static const uint8_t report_id[] = { REPORT_ID };
	struct prober_reply reply;

	if (prober_ask(&bus->prober, device->unit, identify, sizeof(identify),
		IDENTITY_WAIT_MS, &reply) == PROBER_REPLY &&
	    scan_bus_identity(reply.pdu, reply.length, device->identity,
		sizeof(device->identity)))
		return;
	if (prober_ask(&bus->prober, device->unit, report_id, sizeof(report_id),
		IDENTITY_WAIT_MS, &reply) == PROBER_REPLY &&
	    reply.length >= 2 && reply.pdu[1] + 2u <= reply.length)
		put_printable(device->identity, sizeof(device->identity),
		    reply.pdu + 2, reply.pdu[1]);
}

static void
add_device(struct bus *bus, uint8_t unit)
{
	struct scan_report *report = bus->report;
	struct target target = {
		.bus = bus, .unit = unit, .wait_ms = DEVICE_WAIT_LEAST_MS
	};
	struct recognise_source source = { read_target, &target };
	struct scan_report_device *device;
	char text[SCAN_REPORT_TEXT_SIZE];

	bus->seen[unit] = true;
	scan_plan_found(&bus->plan);
	if (report->devices_count == SCAN_REPORT_DEVICES_MAX)
		return;
	device = &report->devices[report->devices_count];
	*device = (struct scan_report_device){
		.line = bus->line, .unit = unit, .setting = bus->setting
	};
	recognise_device(report->catalogue, &source, &device->result);
	device->latency_us = target.latency_us;
	if (device->result.count == 0)
		ask_identity(bus, device);
	report->devices_count++;
	scan_report_describe(report, device, text, sizeof(text));
	progress_tell(bus->progress, "%s: unit %u at %u %s: %s",
	    line_of(bus)->path, unit, bus->setting.baud, bus->setting.format,
	    text);
}

/* Trying */

static enum prober_result
probe(struct bus *bus, uint8_t unit, uint8_t function)
{
	uint16_t words[PROBE_WORDS];
	struct prober_reply reply;
	enum prober_result result = PROBER_SILENT;

	for (int i = 0; i < TRIES; i++) {
		result = prober_read(&bus->prober, unit, function, 0,
		    PROBE_WORDS, (int)bus->options->timeout_ms, words, &reply);
		/* A slow one, that was asked before. */
		if (result == PROBER_OTHER && !bus->seen[reply.unit] &&
		    reply.unit != unit)
			add_device(bus, reply.unit);
		else if (result != PROBER_BROKEN && result != PROBER_OTHER)
			break;
	}
	return result;
}

static bool
try(struct bus *bus, const struct scan_plan_try *next)
{
	enum prober_result result;

	result = probe(bus, next->unit, PDU_READ_HOLDING);
	if (next->likely && result == PROBER_SILENT)
		result = probe(bus, next->unit, PDU_READ_INPUT);
	if (result == PROBER_REPLY || result == PROBER_EXCEPTION)
		add_device(bus, next->unit);
	if (result != PROBER_LOST)
		return true;
	snprintf(line_of(bus)->refused, sizeof(line_of(bus)->refused),
	    "the device went away");
	return false;
}

static void
show(struct bus *bus, const struct scan_plan_try *next)
{
	char what[320];

	snprintf(what, sizeof(what), "%.200s: %u %s, unit %u",
	    line_of(bus)->path, next->setting.baud, next->setting.format,
	    next->unit);
	progress_step(
	    bus->progress, what, bus->plan.done, scan_plan_left(&bus->plan));
}

void
scan_bus_run(struct scan_report *report, unsigned line,
    const struct scan_bus_options *options, struct progress *progress)
{
	struct bus bus = { .report = report,
		.line = line,
		.options = options,
		.progress = progress };
	struct scan_plan_try next;

	scan_plan_init(&bus.plan, options->scope, options->also);
	progress_begin(progress);
	if (bus.plan.settings_count == 0 ||
	    !open_bus(&bus, &bus.plan.settings[0]))
		return;
	if (is_still(&bus))
		while (
		    *options->stop == 0 && scan_plan_next(&bus.plan, &next)) {
			if (bus.seen[next.unit])
				continue;
			show(&bus, &next);
			if (!open_bus(&bus, &next.setting) || !try(&bus, &next))
				break;
		}
	close_bus(&bus);
	progress_end(progress);
}
