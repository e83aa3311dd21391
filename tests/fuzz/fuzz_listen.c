/* SPDX-License-Identifier: MIT */
/*
 * Any bytes on a wire, in any pieces: what listens to them neither crashes nor
 * loses count, names what it names without doubt, and the map that it writes
 * is read back by the loader.
 *
 * Input: a piece after another: how long, and its bytes. Length 0 is a
 * silence. Bit 7 adds the CRC of the piece to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/crc.h"
#include "proxy/listen_report.h"
#include "proxy/polls.h"
#include "proxy/skeleton.h"
#include "proxy/sniff.h"

enum { WITH_CRC = 0x80 };

static struct catalogue catalogue;
static struct sniff sniff;
static struct polls polls;
static int64_t now_us;
static uint64_t bytes_in;

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static void
left_out(const char *reason)
{
	fprintf(stderr, "%s\n", reason);
	abort();
}

static void
take(bool silent)
{
	struct sniff_event event;

	while (sniff_next(&sniff, silent, &event)) {
		must(event.data_length <= 256);
		polls_add(&polls, &event, (struct mono){ .us = now_us += 99 });
	}
	must(bytes_in ==
	     sniff.framed + sniff.dropped + sniff.length - sniff.head);
}

static void
feed(const uint8_t *data, size_t length, bool with_crc)
{
	size_t room;
	uint8_t *into = sniff_room(&sniff, &room);

	must(room >= 256);
	memcpy(into, data, length);
	if (with_crc) {
		crc_append(into, length);
		length += 2;
	}
	bytes_in += length;
	sniff_filled(&sniff, length);
	take(false);
}

static void
check_map(uint8_t unit)
{
	static const struct scan_plan_setting setting = { 9600, "8N1" };
	static char path[64];
	static struct map map;
	char error[512];
	FILE *file;
	bool written;

	snprintf(path, sizeof(path), "/tmp/fuzz-listen-%d.yaml", getpid());
	file = fopen(path, "w");
	must(file != NULL);
	written = skeleton_write(file, &polls, unit, &setting);
	fclose(file);
	if (written) {
		if (!map_load(path, &map, error, sizeof(error)))
			left_out(error);
		map_unload(&map);
	}
	(void)unlink(path);
}

static void
check_report(void)
{
	struct listen_report report = { .path = "/dev/x",
		.catalogue = &catalogue,
		.polls = &polls,
		.setting = { 9600, "8N1" },
		.frames = sniff.frames };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)listen_report_text(&report, out);
	(void)listen_report_json(&report, out);
	fclose(out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[512];
	size_t at = 0;

	if (catalogue.count == 0 && !catalogue_load(&catalogue, "etc/maps",
					left_out, error, sizeof(error)))
		left_out(error);
	sniff_init(&sniff);
	memset(&polls, 0, sizeof(polls));
	bytes_in = 0;
	while (at < size) {
		uint8_t command = data[at++];
		size_t length = command & ~WITH_CRC;

		if (length > size - at)
			length = size - at;
		if (length == 0)
			take(true);
		else
			feed(data + at, length, (command & WITH_CRC) != 0);
		at += length;
	}
	take(true);
	must(sniff.head == sniff.length);
	check_report();
	if (polls.count > 0)
		check_map(polls.rows[0].unit);
	return 0;
}
