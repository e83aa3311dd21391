/* SPDX-License-Identifier: MIT */
#include "proxy/scan.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "proxy/scan_bus.h"
#include "proxy/scan_options.h"
#include "proxy/scan_report.h"

static volatile sig_atomic_t stop;

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

/* Where makers put their devices, if that is not in the scope anyway. */
static void
collect_units(const struct catalogue *catalogue, struct scan_options *options,
    uint8_t also[SCAN_PLAN_UNITS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < catalogue->count; i++) {
		uint8_t unit = catalogue->maps[i].map.serial.unit;
		bool known = unit == 0;

		for (unsigned k = 0; k < count; k++)
			known = known || also[k] == unit;
		if (known)
			continue;
		also[count++] = unit;
		if (!options->units_given)
			options->scope.units[unit] = true;
	}
	also[count] = 0;
}

static int
scan_lines(struct scan_options *options, const struct catalogue *catalogue)
{
	struct scan_report *report = calloc(1, sizeof(*report));
	struct progress progress;
	uint8_t also[SCAN_PLAN_UNITS];
	struct scan_bus_options bus = { .scope = &options->scope,
		.also = also,
		.before_s = options->before_s,
		.timeout_ms = options->timeout_ms,
		.stop = &stop };
	bool good;

	if (report == NULL)
		return EX_OSERR;
	collect_units(catalogue, options, also);
	report->catalogue = catalogue;
	report->lines_count = options->lines_count;
	for (unsigned i = 0; i < options->lines_count; i++)
		report->lines[i].path = options->lines[i];
	for (unsigned i = 0; i < options->lines_count && stop == 0; i++) {
		scan_bus_run(report, i, &bus, &progress);
		if (report->lines[i].refused[0] != '\0')
			progress_tell(&progress, "%s: not scanned: %s",
			    report->lines[i].path, report->lines[i].refused);
	}
	good = options->json ? scan_report_json(report, stdout)
	                     : scan_report_text(report, stdout);
	free(report);
	return good ? EX_OK : EX_UNAVAILABLE;
}

/* All adapters, by the names that stay. */
static bool
find_lines(struct scan_options *options, glob_t *found)
{
	if (glob("/dev/serial/by-id/*", 0, NULL, found) != 0)
		found->gl_pathc = 0;
	for (size_t i = 0; i < found->gl_pathc && i < SCAN_OPTIONS_LINES_MAX;
	     i++)
		options->lines[options->lines_count++] = found->gl_pathv[i];
	if (options->lines_count > 0)
		return true;
	fputs("gridshim: there is no adapter in /dev/serial/by-id; say which "
	      "line: gridshim scan -l DEVICE\n",
	    stderr);
	return false;
}

static int
scan_with(struct scan_options *options)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct catalogue catalogue;
	char error[512];
	int code;

	if (!catalogue_load(
		&catalogue, options->map_dir, left_out, error, sizeof(error))) {
		fprintf(stderr, "gridshim: %s\n", error);
		return EX_CONFIG;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	code = scan_lines(options, &catalogue);
	catalogue_free(&catalogue);
	return code;
}

int
scan_main(int argc, char **argv)
{
	struct scan_options options;
	glob_t found = { 0 };
	int code;

	if (!scan_options_parse(&options, argc, argv))
		return EX_USAGE;
	if (options.help) {
		fputs(scan_options_text(argv[0]), stdout);
		return EX_OK;
	}
	if (options.lines_count > 0)
		return scan_with(&options);
	code = find_lines(&options, &found) ? scan_with(&options) : EX_NOINPUT;
	globfree(&found);
	return code;
}
