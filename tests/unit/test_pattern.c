/* SPDX-License-Identifier: MIT */
/* Each recorded family of tests/replay is named by its questions alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/listen_report.h"
#include "proxy/pattern.h"
#include "tests/unit/draw.h"

static struct catalogue catalogue;
static struct polls polls;
static int64_t now_ms;

static void
ask(unsigned unit, unsigned function, unsigned address, unsigned count,
    unsigned times)
{
	struct sniff_event event = { .kind = SNIFF_REQUEST,
		.unit = (uint8_t)unit,
		.function = (uint8_t)function,
		.address = (uint16_t)address,
		.count = (uint16_t)(function == 6 ? 1 : count) };

	for (unsigned i = 0; i < times; i++)
		polls_add(&polls, &event,
		    (struct mono){ .us = 1000 * (now_ms += 100) });
}

static void
answer(void)
{
	static const uint8_t data[250];
	struct sniff_event event = { .kind = SNIFF_REPLY, .data = data };

	if (polls.last == NULL)
		return;
	event.data_length = 2u * polls.last->count;
	polls_add(&polls, &event, (struct mono){ .us = 1000 * ++now_ms });
}

struct family {
	char map[64];
	unsigned unit;
};

static void
play_line(const struct family *family, const char *line, unsigned times)
{
	unsigned unit = family->unit, after, function;
	char address[16], count[16];
	int at = 0;

	assert_true(sscanf(line, "+%u %n", &after, &at) == 1);
	line += at;
	if (sscanf(line, "@%u %n", &unit, &at) == 1)
		line += at;
	assert_true(
	    sscanf(line, "%u %15s %15s", &function, address, count) == 3);
	ask(unit, function, (unsigned)strtoul(address, NULL, 0),
	    (unsigned)strtoul(count, NULL, 0), times);
}

static void
play(const char *path, struct family *family)
{
	char line[256];
	unsigned times[8] = { 1 }, depth = 0, loop;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	memset(&polls, 0, sizeof(polls));
	while (fgets(line, sizeof(line), file) != NULL) {
		(void)sscanf(line, "map: %63s", family->map);
		(void)sscanf(line, "unit: %u", &family->unit);
		if (sscanf(line, "loop %u", &loop) == 1) {
			times[depth + 1] = times[depth] * loop;
			depth++;
		} else if (strncmp(line, "end", 3) == 0) {
			depth--;
		} else if (line[0] == '+') {
			play_line(family, line, times[depth]);
		}
	}
	fclose(file);
}

static int
is_text(const struct dirent *entry)
{
	return strstr(entry->d_name, ".txt") != NULL;
}

static void
each_recorded_family(void **unused)
{
	struct dirent **names;
	int count = scandir("tests/replay", &names, is_text, alphasort);

	assert_true(count >= 13);
	for (int i = 0; i < count; i++) {
		struct pattern_guess guesses[PATTERN_GUESSES_MAX];
		struct listen_report_meter meters[LISTEN_REPORT_METERS_MAX];
		struct listen_report report = { .catalogue = &catalogue,
			.polls = &polls };
		struct family family = { 0 };
		char path[300];

		snprintf(
		    path, sizeof(path), "tests/replay/%s", names[i]->d_name);
		play(path, &family);
		if (pattern_guess(
			&catalogue, &polls, (uint8_t)family.unit, guesses) == 0)
			fail_msg("%s: no guess", path);
		if (strcmp(guesses[0].map, family.map) != 0 ||
		    guesses[0].family == NULL)
			fail_msg("%s: %s (%u %%)", path, guesses[0].map,
			    guesses[0].percent);
		/* Nobody answers, and it is still known who is meant. */
		assert_int_equal(listen_report_meters(&report, meters), 1);
		assert_int_equal(meters[0].unit, family.unit);
		assert_string_equal(meters[0].guess.map, family.map);
		free(names[i]);
	}
	free(names);
}

static void
each_rule(void **unused)
{
	static const struct {
		const char *rule;
		unsigned asks[4][3];
		const char *map; /* NULL: no guess */
		bool family;
	} rows[] = {
		{ "nothing asked", { { 0 } }, NULL, false },
		{ "no meter has that", { { 3, 60000, 4 } }, NULL, false },
		{ "coils", { { 1, 0, 8 } }, NULL, false },
		{ "a family's own way", { { 3, 0, 65 } }, "acrel-1p-solis",
		    true },
		{ "no family asks so, but only one has the registers",
		    { { 3, 258, 20 }, { 3, 1024, 4 } }, "fronius-ts65a",
		    false },
		{ "what a family asks, amid much else",
		    { { 3, 0, 65 }, { 3, 4000, 1 }, { 3, 4100, 1 },
			{ 3, 4200, 1 } },
		    NULL, false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pattern_guess guesses[PATTERN_GUESSES_MAX];
		unsigned count;

		memset(&polls, 0, sizeof(polls));
		for (unsigned k = 0; k < 4; k++)
			if (rows[i].asks[k][0] != 0)
				ask(5, rows[i].asks[k][0], rows[i].asks[k][1],
				    rows[i].asks[k][2], 10);
		count = pattern_guess(&catalogue, &polls, 5, guesses);
		if ((count > 0) != (rows[i].map != NULL))
			fail_msg("%s: %u guesses, %s", rows[i].rule, count,
			    count > 0 ? guesses[0].map : "");
		if (count > 0 &&
		    (strcmp(guesses[0].map, rows[i].map) != 0 ||
			(guesses[0].family != NULL) != rows[i].family))
			fail_msg("%s: %s", rows[i].rule, guesses[0].map);
	}
}

static void
who_answers_is_the_meter(void **unused)
{
	struct listen_report_meter meters[LISTEN_REPORT_METERS_MAX];
	struct listen_report report = { .catalogue = &catalogue,
		.polls = &polls };

	memset(&polls, 0, sizeof(polls));
	ask(1, 3, 0, 65, 50); /* fits best, and nobody is there */
	ask(2, 4, 52, 12, 1);
	answer();
	assert_int_equal(listen_report_meters(&report, meters), 1);
	assert_int_equal(meters[0].unit, 2);
	assert_int_equal(listen_report_busiest(&polls), 2);
}

/* Values that cannot be what the map says rule it out. */
static void
values_count(void **unused)
{
	struct pattern_guess guesses[PATTERN_GUESSES_MAX];

	memset(&polls, 0, sizeof(polls));
	ask(1, 4, 0, 80, 10);
	assert_true(pattern_guess(&catalogue, &polls, 1, guesses) > 0);
	answer(); /* 0 V, 0 Hz */
	if (pattern_guess(&catalogue, &polls, 1, guesses) != 0)
		fail_msg("%s, %u %%", guesses[0].map, guesses[0].percent);
}

static void
guesses_are_ordered_and_different(void **unused)
{
	uint64_t seed = 11;

	for (unsigned round = 0; round < 500; round++) {
		struct pattern_guess guesses[PATTERN_GUESSES_MAX];
		unsigned count;

		memset(&polls, 0, sizeof(polls));
		for (unsigned i = 0; i < 200; i++) {
			ask(1 + draw_below(&seed, 2), draw_below(&seed, 20),
			    draw_below(&seed, round % 2 == 0 ? 80 : 65536),
			    draw_below(&seed, 130), 1 + draw_below(&seed, 3));
			if (draw_below(&seed, 2) == 0 && polls.last != NULL &&
			    polls.last->count <= 125)
				answer();
		}
		assert_true(polls.count <= POLLS_MAX);
		count = pattern_guess(&catalogue, &polls, 1, guesses);
		for (unsigned i = 0; i < count; i++) {
			assert_in_range(guesses[i].percent, 1, 100);
			assert_true(i == 0 || guesses[i].percent <=
						  guesses[i - 1].percent);
			for (unsigned k = 0; k < i; k++)
				assert_string_not_equal(
				    guesses[i].map, guesses[k].map);
		}
	}
}

static void
left_out(const char *reason)
{
	fail_msg("%s", reason);
}

static int
set_up(void **unused)
{
	char error[512] = "";

	if (!catalogue_load(
		&catalogue, "etc/maps", left_out, error, sizeof(error)))
		fail_msg("%s", error);
	return 0;
}

static int
tear_down(void **unused)
{
	catalogue_free(&catalogue);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_recorded_family),
		cmocka_unit_test(each_rule),
		cmocka_unit_test(who_answers_is_the_meter),
		cmocka_unit_test(values_count),
		cmocka_unit_test(guesses_are_ordered_and_different),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
