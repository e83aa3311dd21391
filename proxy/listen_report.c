/* SPDX-License-Identifier: MIT */
#include "proxy/listen_report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/proposal.h"

/* In the order in which they were first asked. */
static unsigned
list_units(const struct polls *polls, uint8_t units[256])
{
	unsigned count = 0;

	for (unsigned i = 0; i < polls->count; i++)
		if (polls->rows[i].unit != 0 &&
		    memchr(units, polls->rows[i].unit, count) == NULL)
			units[count++] = polls->rows[i].unit;
	return count;
}

uint8_t
listen_report_busiest(const struct polls *polls)
{
	uint8_t units[256], best = 0;
	unsigned count = list_units(polls, units), most = 0;

	for (unsigned i = 0; i < count; i++) {
		struct polls_unit total = polls_unit(polls, units[i]);
		unsigned weight = total.times + 1000 * total.answered;

		if (weight > most) {
			most = weight;
			best = units[i];
		}
	}
	return best;
}

static bool
anybody_answers(const struct polls *polls)
{
	for (unsigned i = 0; i < polls->count; i++)
		if (polls->rows[i].answered > 0)
			return true;
	return false;
}

unsigned
listen_report_meters(const struct listen_report *report,
    struct listen_report_meter meters[LISTEN_REPORT_METERS_MAX])
{
	struct pattern_guess guesses[PATTERN_GUESSES_MAX];
	bool answers = anybody_answers(report->polls);
	uint8_t units[256];
	unsigned units_count = list_units(report->polls, units);
	unsigned count = 0;

	for (unsigned i = 0; i < units_count; i++) {
		if ((answers &&
			polls_unit(report->polls, units[i]).answered == 0) ||
		    count == LISTEN_REPORT_METERS_MAX ||
		    pattern_guess(report->catalogue, report->polls, units[i],
			guesses) == 0)
			continue;
		if (!answers && count == 1) {
			if (guesses[0].percent <= meters[0].guess.percent)
				continue;
			count = 0;
		}
		meters[count].unit = units[i];
		meters[count++].guess = guesses[0];
	}
	return count;
}

static void
describe(const struct pattern_guess *guess, char *text, unsigned size)
{
	snprintf(text, size, "%s, fits to %u %%",
	    guess->family != NULL ? guess->family : "by its addresses",
	    guess->percent);
}

static bool
propose(const struct listen_report *report, FILE *out)
{
	struct listen_report_meter meters[LISTEN_REPORT_METERS_MAX];
	struct proposal_shown shown[LISTEN_REPORT_METERS_MAX];
	char titles[LISTEN_REPORT_METERS_MAX][120];
	unsigned count = listen_report_meters(report, meters);

	for (unsigned i = 0; i < count; i++) {
		describe(&meters[i].guess, titles[i], sizeof(titles[i]));
		shown[i] = (struct proposal_shown){ .serial = report->path,
			.unit = meters[i].unit,
			.baud = report->setting.baud,
			.map = meters[i].guess.map,
			.title = titles[i] };
		memcpy(shown[i].format, report->setting.format,
		    sizeof(shown[i].format));
	}
	return proposal_shown(out, shown, count);
}

/* As text */

static void
put_row(const struct polls_row *row, FILE *out)
{
	double period_ms = polls_period_ms(row);

	fprintf(out, "#     function %u, %u (0x%04X), %u: %u times",
	    row->function, row->address, row->address, row->count, row->times);
	if (period_ms > 0)
		fprintf(out, ", every %.0f ms", period_ms);
	if (row->answered > 0)
		fprintf(out, ", answered %u times", row->answered);
	if (row->refused > 0)
		fprintf(out, ", refused %u times (exception %u)", row->refused,
		    row->exception);
	if (row->answered + row->refused == 0)
		fputs(", no answer", out);
	putc('\n', out);
}

static void
put_unit(const struct listen_report *report, uint8_t unit, FILE *out)
{
	struct pattern_guess guesses[PATTERN_GUESSES_MAX];
	unsigned count =
	    pattern_guess(report->catalogue, report->polls, unit, guesses);
	char text[120];

	fprintf(out, "#   unit %u is asked:\n", unit);
	for (unsigned i = 0; i < report->polls->count; i++)
		if (report->polls->rows[i].unit == unit)
			put_row(&report->polls->rows[i], out);
	for (unsigned i = 0; i < count; i++) {
		describe(&guesses[i], text, sizeof(text));
		fprintf(out, "#     %s %s: %s\n", i == 0 ? "looks like" : "or",
		    guesses[i].map, text);
	}
}

static void
put_head(const struct listen_report *report, FILE *out)
{
	fprintf(out, "# %s: %.0f s, ", report->path, report->seconds);
	if (report->bytes == 0)
		fputs("nothing heard\n", out);
	else if (report->frames == 0)
		fprintf(out,
		    "%llu bytes heard, but no frame at any speed or format\n",
		    (unsigned long long)report->bytes);
	else
		fprintf(out,
		    "%u %s%s, %llu frames, %llu bytes that were none\n",
		    report->setting.baud, report->setting.format,
		    report->locked ? "" : " (not sure)",
		    (unsigned long long)report->frames,
		    (unsigned long long)report->dropped);
}

bool
listen_report_text(const struct listen_report *report, FILE *out)
{
	uint8_t units[256];
	unsigned count = list_units(report->polls, units);

	put_head(report, out);
	for (unsigned i = 0; i < count; i++)
		put_unit(report, units[i], out);
	if (report->polls->orphans > 0)
		fprintf(out, "#   %u replies without their requests\n",
		    report->polls->orphans);
	if (report->polls->left_out > 0)
		fprintf(out, "#   %u more requests, left out\n",
		    report->polls->left_out);
	return propose(report, out);
}

/* As JSON */

static json_t *
json_polls(const struct polls *polls)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < polls->count; i++) {
		const struct polls_row *row = &polls->rows[i];

		json_array_append_new(list,
		    json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:f}",
			"unit", (int)row->unit, "function", (int)row->function,
			"address", (int)row->address, "count", (int)row->count,
			"times", (int)row->times, "answered",
			(int)row->answered, "refused", (int)row->refused,
			"period_ms", polls_period_ms(row)));
	}
	return list;
}

static json_t *
json_guesses(const struct listen_report *report)
{
	struct pattern_guess guesses[PATTERN_GUESSES_MAX];
	uint8_t units[256];
	unsigned units_count = list_units(report->polls, units);
	json_t *list = json_array();

	for (unsigned i = 0; i < units_count; i++) {
		unsigned count = pattern_guess(
		    report->catalogue, report->polls, units[i], guesses);

		for (unsigned k = 0; k < count; k++)
			json_array_append_new(
			    list, json_pack("{s:i, s:s, s:s?, s:i}", "unit",
				      (int)units[i], "map", guesses[k].map,
				      "family", guesses[k].family, "percent",
				      (int)guesses[k].percent));
	}
	return list;
}

bool
listen_report_json(const struct listen_report *report, FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	bool good = memory != NULL && propose(report, memory);
	json_t *all;

	if (memory != NULL)
		fclose(memory);
	all = json_pack("{s:s, s:b, s:i, s:s, s:I, s:I, s:I, s:f, s:o, s:o, "
			"s:s}",
	    "serial", report->path, "certain", (int)report->locked, "baud",
	    (int)report->setting.baud, "format", report->setting.format,
	    "frames", (json_int_t)report->frames, "dropped_bytes",
	    (json_int_t)report->dropped, "bytes", (json_int_t)report->bytes,
	    "seconds", report->seconds, "polls", json_polls(report->polls),
	    "guesses", json_guesses(report), "proposal",
	    text != NULL ? text : "");
	json_dumpf(all, out, JSON_INDENT(1));
	putc('\n', out);
	json_decref(all);
	free(text);
	return good;
}
