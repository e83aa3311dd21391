/* SPDX-License-Identifier: MIT */
#include "proxy/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool
has_open(const char *pid, const struct stat *device)
{
	char folder[64], path[512];
	const struct dirent *entry;
	struct stat open_file;
	bool found = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	dir = opendir(folder);
	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		found = stat(path, &open_file) == 0 &&
		        S_ISCHR(open_file.st_mode) &&
		        open_file.st_rdev == device->st_rdev;
	}
	closedir(dir);
	return found;
}

static void
describe(const char *pid, char *text, unsigned size)
{
	char path[64], name[64] = "a program";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(name, sizeof(name), file) != NULL)
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	snprintf(text, size, "%s (pid %s)", name, pid);
}

/* The one who locked it: a line of /proc/locks is "1: FLOCK ADVISORY WRITE PID
 * MAJOR:MINOR:INODE 0 EOF", the numbers of the file system in hexadecimal. */
static bool
find_lock(const struct stat *device, char *text, unsigned size)
{
	FILE *file = fopen("/proc/locks", "re");
	unsigned long long inode;
	unsigned high, low;
	char line[256], pid[21];
	bool found = false;

	while (
	    file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%*s FLOCK %*s %*s %20s %x:%x:%llu", pid,
			    &high, &low, &inode) == 4 &&
		        inode == device->st_ino &&
		        makedev(high, low) == device->st_dev;
	if (file != NULL)
		fclose(file);
	if (found)
		describe(pid, text, size);
	return found;
}

/* Or anyone who has it open. */
static bool
find_open(const struct stat *device, char *text, unsigned size)
{
	const struct dirent *entry;
	bool found = false;
	DIR *dir = opendir("/proc");

	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    atoi(entry->d_name) == getpid() ||
		    !has_open(entry->d_name, device))
			continue;
		describe(entry->d_name, text, size);
		found = true;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

bool
holder_find(const char *device, char *text, unsigned size)
{
	struct stat status;

	return stat(device, &status) == 0 && S_ISCHR(status.st_mode) &&
	       (find_lock(&status, text, size) ||
		   find_open(&status, text, size));
}
