/* SPDX-License-Identifier: MIT */
/*
 * Files that must be refused. The first line of each says how:
 * "# LINE:COLUMN part of the reason".
 *
 * Also files made up by tests, and good ones broken byte by byte.
 */
#ifndef TESTS_CONFIG_BROKEN_H
#define TESTS_CONFIG_BROKEN_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/config/holds.h"

/* Loads a file: NULL in *broken, or what does not hold for the result. */
typedef bool broken_load(
    const char *file, char *error, unsigned size, const char **broken);

static inline int
broken_is_yaml(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static inline bool
broken_check_file(const char *file, broken_load *load)
{
	char error[512] = "", wanted[256] = "", place[1024];
	const char *broken = NULL;
	FILE *stream = fopen(file, "r");
	bool read =
	    stream != NULL && fgets(wanted, sizeof(wanted), stream) != NULL;
	if (stream != NULL)
		fclose(stream);
	wanted[strcspn(wanted, "\n")] = '\0';
	char *reason = strchr(wanted + 2, ' ');
	if (!read || strncmp(wanted, "# ", 2) != 0 || reason == NULL) {
		printf("%s: first line must say what is expected\n", file);
		return false;
	}
	*reason++ = '\0';
	snprintf(place, sizeof(place), "%s:%s: ", file, wanted + 2);
	if (load(file, error, sizeof(error), &broken)) {
		printf("%s: was taken\n", file);
		return false;
	}
	if (strncmp(error, place, strlen(place)) == 0 &&
	    strstr(error + strlen(place), reason) != NULL)
		return true;
	printf("wanted %s%s\n   got %s\n", place, reason, error);
	return false;
}

/* How many files of a folder are refused as they should be; -1: one is not. */
static inline int
broken_check_folder(const char *folder, broken_load *load)
{
	struct dirent **names = NULL;
	int count = scandir(folder, &names, broken_is_yaml, alphasort);
	int good = 0;
	for (int i = 0; i < count; i++) {
		char file[512];
		snprintf(file, sizeof(file), "%s/%s", folder, names[i]->d_name);
		good += broken_check_file(file, load);
		free(names[i]);
	}
	free(names);
	return good == count ? good : -1;
}

/* A file that is only in memory. */
struct broken_file {
	int fd;
	char name[64];
};

static inline bool
broken_open(struct broken_file *file)
{
	file->fd = memfd_create("config", MFD_CLOEXEC);
	snprintf(file->name, sizeof(file->name), "/proc/self/fd/%d", file->fd);
	return file->fd >= 0;
}

static inline bool
broken_write(const struct broken_file *file, const void *text, size_t length)
{
	return ftruncate(file->fd, 0) == 0 &&
	       pwrite(file->fd, text, length, 0) == (ssize_t)length;
}

/* Either the text is taken and all holds, or the error names a place. */
static inline bool
broken_check_text(const struct broken_file *file, const void *text,
    size_t length, broken_load *load)
{
	char error[512] = "";
	const char *broken = NULL;
	if (!broken_write(file, text, length))
		return false;
	bool taken = load(file->name, error, sizeof(error), &broken);
	if (taken ? broken == NULL : holds_error(file->name, error))
		return true;
	printf("%s: %s\n%.*s\n", taken ? "does not hold" : "bad error",
	    taken ? broken : error, (int)length, (const char *)text);
	return false;
}

static inline size_t
broken_read(const char *name, char *text, size_t size)
{
	FILE *stream = fopen(name, "r");
	if (stream == NULL)
		return 0;
	size_t length = fread(text, 1, size, stream);
	fclose(stream);
	return length;
}

static inline uint32_t
broken_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* One to three bytes changed, taken out or copied from elsewhere. */
static inline size_t
broken_mutate(char *text, size_t length, uint32_t *state)
{
	for (uint32_t n = broken_random(state) % 3 + 1; n > 0; n--) {
		size_t at = broken_random(state) % length;
		size_t from = broken_random(state) % length;
		switch (broken_random(state) % 4) {
		case 0:
			text[at] = (char)(broken_random(state) & 0xff);
			break;
		case 1:
			text[at] = (char)(' ' + broken_random(state) % 95);
			break;
		case 2:
			text[at] = text[from];
			break;
		default:
			memmove(text + at, text + at + 1, length - at - 1);
			length--;
			break;
		}
	}
	return length;
}

/* Truncates a good file at every byte and breaks it at random. */
static inline bool
broken_check_mutations(const char *good, broken_load *load, unsigned rounds)
{
	static char text[16384], copy[16384];
	struct broken_file file;
	uint32_t state = 2463534242u;
	size_t length = broken_read(good, text, sizeof(text));
	bool ok = length > 0 && broken_open(&file);
	for (size_t i = 0; ok && i < length; i++)
		ok = broken_check_text(&file, text, i, load);
	for (unsigned i = 0; ok && i < rounds; i++) {
		memcpy(copy, text, length);
		ok = broken_check_text(
		    &file, copy, broken_mutate(copy, length, &state), load);
	}
	if (length > 0)
		close(file.fd);
	return ok;
}

#endif
