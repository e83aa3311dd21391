/* SPDX-License-Identifier: MIT */
#include "proxy/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char suffix[] = ".yaml";

static int
is_map(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length >= sizeof(suffix) &&
	       length < CATALOGUE_NAME_SIZE &&
	       strcmp(entry->d_name + length + 1 - sizeof(suffix), suffix) == 0;
}

static void
add(struct catalogue *catalogue, const char *folder, const char *file,
    void (*left_out)(const char *reason))
{
	struct catalogue_map *to = &catalogue->maps[catalogue->count];
	char path[1024], error[512];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	if (!map_load(path, &to->map, error, sizeof(error))) {
		left_out(error);
		return;
	}
	snprintf(to->name, sizeof(to->name), "%.*s",
	    (int)(strlen(file) + 1 - sizeof(suffix)), file);
	catalogue->count++;
}

bool
catalogue_load(struct catalogue *catalogue, const char *folder,
    void (*left_out)(const char *reason), char *error, unsigned error_size)
{
	struct dirent **entries;
	int found = scandir(folder, &entries, is_map, alphasort);

	*catalogue = (struct catalogue){ 0 };
	if (found < 0) {
		snprintf(error, error_size, "%s: %s", folder, strerror(errno));
		return false;
	}
	catalogue->maps = calloc((size_t)found + 1, sizeof(*catalogue->maps));
	for (int i = 0; i < found; i++) {
		if (catalogue->maps != NULL)
			add(catalogue, folder, entries[i]->d_name, left_out);
		free(entries[i]);
	}
	free(entries);
	if (catalogue->count > 0)
		return true;
	snprintf(error, error_size, "%s: there is no good map in it", folder);
	catalogue_free(catalogue);
	return false;
}

void
catalogue_free(struct catalogue *catalogue)
{
	for (unsigned i = 0; i < catalogue->count; i++)
		map_unload(&catalogue->maps[i].map);
	free(catalogue->maps);
	*catalogue = (struct catalogue){ 0 };
}

const struct catalogue_map *
catalogue_find(const struct catalogue *catalogue, const char *name)
{
	for (unsigned i = 0; i < catalogue->count; i++)
		if (strcmp(catalogue->maps[i].name, name) == 0)
			return &catalogue->maps[i];
	return NULL;
}
