/* SPDX-License-Identifier: MIT */
/* What the tests of storage/ share: a folder of their own, a configuration,
 * and a second connection that looks at the file as a user would. */
#ifndef TESTS_UNIT_STORAGE_HELPER_H
#define TESTS_UNIT_STORAGE_HELPER_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/config.h"
#include "gateway/message.h"

enum { HELPER_PATH = 128 };

static char helper_folder[HELPER_PATH / 2];
static char helper_path[HELPER_PATH]; /* of the database */

static inline int
helper_setup(void **state)
{
	(void)state;
	snprintf(helper_folder, sizeof(helper_folder),
	    "/tmp/gridshim-storage-XXXXXX");
	if (mkdtemp(helper_folder) == NULL)
		return -1;
	snprintf(
	    helper_path, sizeof(helper_path), "%s/history.db", helper_folder);
	return 0;
}

static inline int
helper_teardown(void **state)
{
	char command[HELPER_PATH];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", helper_folder);
	return system(command);
}

static char helper_names[][16] = { "meter", "inv1", "grid", "solis",
	"solis-meter", "spare" };

static struct config_line helper_lines[] = { { .name = helper_names[0] },
	{ .name = helper_names[1] } };
static struct config_device helper_devices[] = { { .name = helper_names[2] },
	{ .name = helper_names[3] } };
static struct config_shown helper_shown[] = { { .name = helper_names[4] },
	{ .name = helper_names[5] } };
static struct config_storage helper_storage = { .path = helper_path,
	.commit_s = 1 };
static const struct config helper_config = {
	.lines = helper_lines,
	.lines_count = 2,
	.devices = helper_devices,
	.devices_count = 2,
	.shown = helper_shown,
	.shown_count = 2,
	.storage = &helper_storage,
};

static inline void
helper_append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

/* Every row of a query: columns joined by '|', rows by '\n', blobs in hex,
 * "-" for NULL. The text is good until the next call. */
static inline const char *
helper_query(const char *path, const char *sql)
{
	static char text[16384];
	sqlite3 *handle;
	sqlite3_stmt *statement = NULL;
	const unsigned char *blob;
	char hex[3];
	int step;

	text[0] = '\0';
	sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL);
	sqlite3_busy_timeout(handle, 2000);
	if (sqlite3_prepare_v2(handle, sql, -1, &statement, NULL) != SQLITE_OK)
		snprintf(text, sizeof(text), "%s", sqlite3_errmsg(handle));
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		if (text[0] != '\0')
			helper_append(text, sizeof(text), "\n");
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			if (i > 0)
				helper_append(text, sizeof(text), "|");
			if (sqlite3_column_type(statement, i) == SQLITE_NULL)
				helper_append(text, sizeof(text), "-");
			if (sqlite3_column_type(statement, i) != SQLITE_BLOB) {
				blob = sqlite3_column_text(statement, i);
				helper_append(text, sizeof(text),
				    blob != NULL ? (const char *)blob : "");
				continue;
			}
			blob = sqlite3_column_blob(statement, i);
			for (int b = 0; b < sqlite3_column_bytes(statement, i);
			     b++) {
				snprintf(hex, sizeof(hex), "%02x", blob[b]);
				helper_append(text, sizeof(text), hex);
			}
		}
	}
	if (step != SQLITE_DONE && text[0] == '\0')
		snprintf(text, sizeof(text), "%s", sqlite3_errmsg(handle));
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return text;
}

#define assert_rows(sql, expected)                                             \
	assert_string_equal(helper_query(helper_path, sql), expected)

static inline long
helper_number(const char *sql)
{
	return strtol(helper_query(helper_path, sql), NULL, 10);
}

/* A whole file; the caller frees. */
static inline char *
helper_bytes(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	char *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	*length = (size_t)status.st_size;
	bytes = malloc(*length + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *length, file), *length);
	fclose(file);
	return bytes;
}

static inline void
helper_write(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
}

static inline bool
helper_same_bytes(const char *path, const char *bytes, size_t length)
{
	size_t found_length;
	char *found = helper_bytes(path, &found_length);
	bool same = found_length == length && memcmp(found, bytes, length) == 0;

	free(found);
	return same;
}

#endif
