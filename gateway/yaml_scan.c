/* SPDX-License-Identifier: MIT */
#include "gateway/yaml_scan.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { BYTE_ORDER_MARK = 0xfeff };

bool
yaml_scan_fail(struct yaml_problem *problem, size_t line, size_t column,
    const char *format, ...)
{
	problem->line = line;
	problem->column = column;
	va_list args;
	va_start(args, format);
	vsnprintf(problem->reason, sizeof(problem->reason), format, args);
	va_end(args);
	return false;
}

/* Bytes of the UTF-8 character at text, 0 if it is none. */
static size_t
decode(const unsigned char *text, size_t left, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		size_t length;
		uint32_t least; /* smaller ones are written too long */
	} forms[] = {
		{ 0x80, 0x00, 1, 0 },
		{ 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 },
	};
	size_t i = 0;
	while (i < COUNT(forms) && (text[0] & forms[i].mask) != forms[i].lead)
		i++;
	if (i == COUNT(forms) || left < forms[i].length)
		return 0;
	*code = text[0] & (uint32_t)(~forms[i].mask & 0xff);
	for (size_t k = 1; k < forms[i].length; k++) {
		if ((text[k] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[k] & 0x3f);
	}
	bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
	bool real = *code >= forms[i].least && *code <= 0x10ffff;
	return real && !surrogate ? forms[i].length : 0;
}

/* Also the line ends that no editor counts: lines must be what people see. */
static bool
is_control(uint32_t code)
{
	return (code < ' ' && code != '\n' && code != '\t') ||
	       (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
	       code == 0x2029 || code == BYTE_ORDER_MARK ||
	       (code & 0xfffe) == 0xfffe;
}

static bool
scan_character(const unsigned char *text, size_t left, bool indent,
    size_t *bytes, const char **reason)
{
	uint32_t code = 0;
	*bytes = decode(text, left, &code);
	*reason = NULL;
	if (*bytes == 0)
		*reason = "not UTF-8 text";
	else if (code == '\t' && indent)
		*reason = "a tab; indent with spaces";
	else if (code == '\r' && left > 1 && text[1] == '\n')
		return true;
	else if (is_control(code))
		*reason = "a control character in the file";
	return *reason == NULL;
}

static bool
scan_bytes(
    const unsigned char *text, size_t length, struct yaml_problem *problem)
{
	size_t line = 1, column = 1, bytes = 0;
	bool indent = true;
	bool mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
	for (size_t i = mark ? 3 : 0; i < length; i += bytes) {
		const char *reason;
		if (!scan_character(
			text + i, length - i, indent, &bytes, &reason))
			return yaml_scan_fail(
			    problem, line, column, "%s", reason);
		bool newline = text[i] == '\n';
		indent = newline || (indent && text[i] == ' ');
		line += newline;
		column = newline ? 1 : column + 1;
	}
	return true;
}

/* Escapes in quoted text could bring in what scan_bytes kept out. */
static bool
is_one_line(const unsigned char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (value[i] < ' ' || value[i] == 0x7f)
			return false;
	return true;
}

static const char *
scalar_problem(const yaml_event_t *event)
{
	if (event->data.scalar.anchor != NULL)
		return "anchors (&name) are not allowed";
	if (event->data.scalar.tag != NULL)
		return "tags (!name) are not allowed";
	if (!is_one_line(event->data.scalar.value, event->data.scalar.length))
		return "a value must be one line without control characters";
	return NULL;
}

struct scan {
	unsigned depth;
	unsigned documents;
};

static const char *
event_problem(struct scan *scan, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return "aliases (*name) are not allowed; write the value out";
	case YAML_DOCUMENT_START_EVENT:
		if (++scan->documents > 1)
			return "a second document; one file holds one";
		return NULL;
	case YAML_SCALAR_EVENT:
		return scalar_problem(event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (++scan->depth > YAML_DEPTH_MAX)
			return "nested too deep";
		return NULL;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		scan->depth--;
		return NULL;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return NULL;
	}
	return NULL;
}

static bool
parser_problem(const yaml_parser_t *parser, struct yaml_problem *problem)
{
	const char *reason = parser->problem;
	const char *context = parser->context;
	return yaml_scan_fail(problem, parser->problem_mark.line + 1,
	    parser->problem_mark.column + 1, "%s%s%s",
	    reason != NULL ? reason : "not YAML", context != NULL ? " " : "",
	    context != NULL ? context : "");
}

static bool
scan_events(yaml_parser_t *parser, struct yaml_problem *problem)
{
	struct scan scan = { 0 };
	for (bool end = false; !end;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return parser_problem(parser, problem);
		end = event.type == YAML_STREAM_END_EVENT;
		yaml_mark_t at = event.start_mark;
		const char *reason = event_problem(&scan, &event);
		yaml_event_delete(&event);
		if (reason != NULL)
			return yaml_scan_fail(
			    problem, at.line + 1, at.column + 1, "%s", reason);
	}
	if (scan.documents == 0)
		return yaml_scan_fail(problem, 1, 1, "the file is empty");
	return true;
}

bool
yaml_scan_text(
    const unsigned char *text, size_t length, struct yaml_problem *problem)
{
	if (!scan_bytes(text, length, problem))
		return false;
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return yaml_scan_fail(problem, 1, 1, "out of memory");
	yaml_parser_set_input_string(&parser, text, length);
	bool good = scan_events(&parser, problem);
	yaml_parser_delete(&parser);
	return good;
}
