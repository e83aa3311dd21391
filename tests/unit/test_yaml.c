/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/yaml.h"
#include "tests/config/broken.h"

static const char sample[] = "site: {name: home}\n"
			     "list:\n"
			     "  - {a: 1, b: two}\n"
			     "  - a: 3\n"
			     "    c:\n"
			     "      - x\n"
			     "      - y: z\n";

static struct yaml_file *
open_text(const void *text, size_t length, char *error, unsigned size)
{
	struct broken_file memory;
	assert_true(broken_open(&memory));
	assert_true(broken_write(&memory, text, length));
	struct yaml_file *file = yaml_file_open(memory.name, error, size);
	close(memory.fd);
	return file;
}

/* "LINE:COLUMN: reason" of an error, without the file's name. */
static const char *
after_name(const char *error)
{
	const char *colon = strchr(error, ':');
	return colon != NULL ? colon + 1 : error;
}

static void
a_value_is_found_where_it_stands(void **unused)
{
	static const struct {
		const char *block, *key, *place;
	} rows[] = {
		{ "", NULL, "1:1: here" },
		{ "", "site", "1:7: here" },
		{ "site", NULL, "1:7: here" },
		{ "site", "name", "1:14: here" },
		{ "", "list", "3:3: here" },
		{ "list[0]", NULL, "3:5: here" },
		{ "list[0]", "b", "3:15: here" },
		{ "list[1]", "a", "4:8: here" },
		{ "list[1].c[0]", NULL, "6:9: here" },
		{ "list[1].c[1]", "y", "7:12: here" },
		{ "list[1].c[1].y", NULL, "7:12: here" },
		/* what is missing is told at what is around it */
		{ "list[0]", "c", "3:5: here" },
		{ "list[2]", "a", "3:3: here" },
		{ "list[0].b.deeper[7]", "a", "3:15: here" },
		{ "nothing", "a", "1:1: here" },
		{ "site[0]", NULL, "1:7: here" },
		{ "list[99999999999999999999]", NULL, "3:3: here" },
		{ "list[", NULL, "3:5: here" },
	};
	char error[256];
	struct yaml_file *file =
	    open_text(sample, sizeof(sample) - 1, error, sizeof(error));
	assert_non_null(file);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(yaml_file_refuse(
		    file, rows[i].block, rows[i].key, "%s", "here"));
		assert_string_equal(after_name(error), rows[i].place);
	}
	yaml_file_close(file);
}

static void
a_key_is_found_where_it_stands(void **unused)
{
	char error[256];
	struct yaml_file *file =
	    open_text(sample, sizeof(sample) - 1, error, sizeof(error));
	assert_false(yaml_file_refuse_key(file, "list[0]", "b", "here"));
	assert_string_equal(after_name(error), "3:12: here");
	assert_false(yaml_file_refuse_key(file, "list[0]", "c", "here"));
	assert_string_equal(after_name(error), "3:5: here");
	yaml_file_close(file);
}

static void
missing_and_present_are_told_apart(void **unused)
{
	char error[256];
	struct yaml_file *file =
	    open_text(sample, sizeof(sample) - 1, error, sizeof(error));
	assert_true(yaml_file_has(file, "list[0]", "b"));
	assert_true(yaml_file_has(file, "list[1]", NULL));
	assert_false(yaml_file_has(file, "list[1]", "b"));
	assert_false(yaml_file_has(file, "list[2]", NULL));
	assert_string_equal(yaml_file_text(file, "list[0]", "b"), "two");
	assert_null(yaml_file_text(file, "list[1]", "c"));
	assert_null(yaml_file_text(file, "list[1]", "b"));
	yaml_file_close(file);
}

static void
bad_text_is_refused_at_its_place(void **unused)
{
#define ROW(text, place)                                                       \
	{                                                                      \
		text, sizeof(text) - 1, place                                  \
	}
	static const struct {
		const char *text;
		size_t length;
		const char *place;
	} rows[] = {
		ROW("", "1:1: the file is empty"),
		ROW("\n\n", "1:1: the file is empty"),
		ROW("\xef\xbb\xbf", "1:1: the file is empty"),
		ROW("\0", "1:1: a control character"),
		ROW("a: 1\nb\0", "2:2: a control character"),
		ROW("\xff\xfe"
		    "a\0",
		    "1:1: not UTF-8"),
		ROW("a: \xc3", "1:4: not UTF-8"),
		ROW("a: \xe2\x82", "1:4: not UTF-8"),
		ROW("a: \xf4\x90\x80\x80", "1:4: not UTF-8"),
		ROW("a: \x80", "1:4: not UTF-8"),
		ROW("\xc3\xa4: \x07", "1:4: a control character"),
		ROW("a: \xc2\x85", "1:4: a control character"),
		ROW("a: \xef\xbf\xbe", "1:4: a control character"),
		ROW("a: \xef\xbb\xbf", "1:4: a control character"),
		ROW("a:\n\tb: 1\n", "2:1: a tab"),
		ROW("a: b: c\n", "1:5: mapping values are not allowed"),
		ROW("a: @b\n", "1:4: found character that cannot start"),
		ROW("{a: 1}}\n", "1:7: did not find expected <document start>"),
		ROW("a: 'b\n", "2:1: found unexpected end of stream"),
		ROW("a: *b\n", "1:4: aliases"),
		ROW("{? {? {? {? {? {? {? {? {a: 1", "1:25: nested too deep"),
		ROW("%YAML 9.9\n---\na: 1\n", "1:1: found incompatible YAML"),
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[256] = "";
		assert_null(open_text(
		    rows[i].text, rows[i].length, error, sizeof(error)));
		if (strncmp(after_name(error), rows[i].place,
			strlen(rows[i].place)) != 0)
			fail_msg("row %zu: %s", i, error);
	}
}

static void
plain_text_of_any_language_is_taken(void **unused)
{
	static const char *const rows[] = {
		"a: \xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x8b\n",
		"\xef\xbb\xbf# mark\na: 1\n",
		"a: 1\r\nb: 2\r\n",
		"a:\t1\t# tabs between words do no harm\n",
		"---\na: 1\n...\n",
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[256] = "";
		struct yaml_file *file =
		    open_text(rows[i], strlen(rows[i]), error, sizeof(error));
		if (file == NULL)
			fail_msg("row %zu: %s", i, error);
		yaml_file_close(file);
	}
}

static void
a_file_beyond_one_megabyte_is_not_parsed(void **unused)
{
	char error[256] = "";
	size_t length = 10u << 20;
	char *text = malloc(length);
	assert_non_null(text);
	memset(text, '[', length);
	assert_null(open_text(text, length, error, sizeof(error)));
	assert_string_equal(
	    after_name(error), "1:1: the file is larger than 1 MB");
	memset(text, '#', YAML_FILE_MAX);
	assert_null(open_text(text, YAML_FILE_MAX, error, sizeof(error)));
	assert_string_equal(after_name(error), "1:1: the file is empty");
	free(text);
}

static void
a_file_that_cannot_be_read_is_an_error_with_a_place(void **unused)
{
	char error[256] = "";
	assert_null(yaml_file_open("/nonexistent/x", error, sizeof(error)));
	assert_string_equal(error,
	    "/nonexistent/x:1:1: cannot read: No such file or directory");
	assert_null(yaml_file_open("/", error, sizeof(error)));
	assert_true(holds_error("/", error));
}

static void
an_error_is_cut_to_its_buffer(void **unused)
{
	char error[24];
	memset(error, 'x', sizeof(error));
	assert_null(yaml_file_open("/nonexistent/x", error, 20));
	assert_string_equal(error, "/nonexistent/x:1:1:");
	assert_int_equal(error[20], 'x');
	assert_null(yaml_file_open("/nonexistent/x", NULL, 0));
}

struct numbers {
	uint8_t small;
	uint32_t large;
	double real;
};

static void
numbers_are_read_whole_or_not_at_all(void **unused)
{
	static const cyaml_schema_field_t fields[] = {
		CYAML_FIELD_UINT(
		    "small", CYAML_FLAG_OPTIONAL, struct numbers, small),
		CYAML_FIELD_UINT(
		    "large", CYAML_FLAG_OPTIONAL, struct numbers, large),
		CYAML_FIELD_FLOAT(
		    "real", CYAML_FLAG_OPTIONAL, struct numbers, real),
		CYAML_FIELD_END,
	};
	static const cyaml_schema_value_t schema = {
		CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct numbers, fields),
	};
	static const struct {
		const char *text;
		bool good;
		struct numbers want;
	} rows[] = {
		{ "small: 255", true, { 255, 0, 0 } },
		{ "small: 256", false, { 0 } },
		{ "large: 0xFFFFffff", true, { 0, 4294967295u, 0 } },
		{ "large: 4294967296", false, { 0 } },
		{ "large: 0", true, { 0, 0, 0 } },
		{ "large: 00", false, { 0 } },
		{ "large: 010", false, { 0 } },
		{ "large: 0x", false, { 0 } },
		{ "large: +5", false, { 0 } },
		{ "large: -0", false, { 0 } },
		{ "large: 5.0", false, { 0 } },
		{ "large: 5 6", false, { 0 } },
		{ "large: '5'", true, { 0, 5, 0 } },
		{ "large: ' 5'", false, { 0 } },
		{ "real: -0.25", true, { 0, 0, -0.25 } },
		{ "real: 1e-2", true, { 0, 0, 0.01 } },
		{ "real: 0x10", false, { 0 } },
		{ "real: .inf", false, { 0 } },
		{ "real: 1.5.2", false, { 0 } },
		{ "{}", true, { 0 } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[256] = "";
		struct yaml_file *file = open_text(
		    rows[i].text, strlen(rows[i].text), error, sizeof(error));
		assert_non_null(file);
		struct numbers *got = yaml_file_load(file, &schema);
		if ((got != NULL) != rows[i].good)
			fail_msg("%s: %s", rows[i].text, error);
		if (got != NULL)
			assert_true(got->small == rows[i].want.small &&
				    got->large == rows[i].want.large &&
				    got->real == rows[i].want.real);
		yaml_file_release(&schema, got);
		yaml_file_close(file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_found_where_it_stands),
		cmocka_unit_test(a_key_is_found_where_it_stands),
		cmocka_unit_test(missing_and_present_are_told_apart),
		cmocka_unit_test(bad_text_is_refused_at_its_place),
		cmocka_unit_test(plain_text_of_any_language_is_taken),
		cmocka_unit_test(a_file_beyond_one_megabyte_is_not_parsed),
		cmocka_unit_test(
		    a_file_that_cannot_be_read_is_an_error_with_a_place),
		cmocka_unit_test(an_error_is_cut_to_its_buffer),
		cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
