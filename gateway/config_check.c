/* SPDX-License-Identifier: MIT */
#include "gateway/config_check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/config_tcp.h"
#include "gateway/network.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct check {
	struct config *config;
	struct yaml_file *file;
	char block[32]; /* the entry under check: "lines[0]" */
};

static void
enter(struct check *check, const char *list, unsigned index)
{
	snprintf(check->block, sizeof(check->block), "%s[%u]", list, index);
}

#define REFUSE(check, key, ...)                                                \
	yaml_file_refuse((check)->file, (check)->block, key, __VA_ARGS__)

/* --- names -----------------------------------------------------------------
 */

static bool
check_letters(struct check *check, const char *key, const char *text,
    const char *letters, const char *what)
{
	if (text[strspn(text, letters)] == '\0')
		return true;
	return REFUSE(check, key, "%s may only hold %s", key, what);
}

static bool
check_name(struct check *check, const char *name)
{
	return check_letters(check, "name", name,
	    "abcdefghijklmnopqrstuvwxyz0123456789_-",
	    "small letters, digits, _ and -");
}

/* Devices and shown meters share the names in records and on the page. */
static bool
name_is_taken(const struct config *config, const char *name, unsigned devices,
    unsigned shown)
{
	for (unsigned i = 0; i < devices; i++)
		if (strcmp(config->devices[i].name, name) == 0)
			return true;
	for (unsigned i = 0; i < shown; i++)
		if (strcmp(config->shown[i].name, name) == 0)
			return true;
	return false;
}

static bool
check_new_name(
    struct check *check, const char *name, unsigned devices, unsigned shown)
{
	if (!check_name(check, name))
		return false;
	if (name_is_taken(check->config, name, devices, shown))
		return REFUSE(check, "name",
		    "name '%s' is taken; devices and shown meters need "
		    "different names",
		    name);
	return true;
}

static bool
check_map_name(struct check *check, const char *map)
{
	size_t length = strlen(map);
	if (!check_letters(check, "map", map,
		"abcdefghijklmnopqrstuvwxyz0123456789_.-",
		"small letters, digits, _ - and . (a name, not a path)"))
		return false;
	if (map[0] == '.')
		return REFUSE(check, "map", "map may not begin with a dot");
	if (length > 5 && strcmp(map + length - 5, ".yaml") == 0)
		return REFUSE(check, "map",
		    "map is named without .yaml: '%.*s'", (int)(length - 5),
		    map);
	return true;
}

/* --- lines -----------------------------------------------------------------
 */

static bool
same_port(const char *a, const char *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];
	if (strcmp(a, b) == 0)
		return true;
	/* One adapter has several names in /dev/serial. */
	return realpath(a, real_a) != NULL && realpath(b, real_b) != NULL &&
	       strcmp(real_a, real_b) == 0;
}

static bool
check_format(struct check *check, const char *format)
{
	static const char *const known[] = { "8N1", "8E1", "8O1", "8N2" };
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(format, known[i]) == 0)
			return true;
	return REFUSE(check, "format", "format must be one of 8N1 8E1 8O1 8N2");
}

/* Keys of the one kind of line on the other would do nothing. */
static bool
check_line_kind(struct check *check, const struct config_line *line)
{
	static const char *const serial_keys[] = { "baud", "format", "echo",
		"rs485" };
	if (line->serial != NULL && line->tcp != NULL)
		return REFUSE(
		    check, "tcp", "a line is serial or tcp, not both");
	if (line->serial == NULL && line->tcp == NULL)
		return REFUSE(check, NULL,
		    "a line needs serial (a device) or tcp (an address)");
	if (line->serial != NULL)
		return !yaml_file_has(check->file, check->block, "port") ||
		       REFUSE(check, "port", "a serial line has no port");
	for (size_t i = 0; i < COUNT(serial_keys); i++)
		if (yaml_file_has(check->file, check->block, serial_keys[i]))
			return REFUSE(check, serial_keys[i],
			    "a tcp line has no %s", serial_keys[i]);
	if (network_reach(line->tcp) == NETWORK_NONE)
		return REFUSE(check, "tcp",
		    "tcp must be a numeric address such as 192.168.1.20");
	return true;
}

static bool
same_place(const struct config_line *a, const struct config_line *b)
{
	if (a->tcp != NULL && b->tcp != NULL)
		return a->port == b->port && strcmp(a->tcp, b->tcp) == 0;
	return a->serial != NULL && b->serial != NULL &&
	       same_port(a->serial, b->serial);
}

static bool
check_line(struct check *check, unsigned index)
{
	const struct config_line *lines = check->config->lines;
	const struct config_line *line = &lines[index];
	enter(check, "lines", index);
	if (!check_name(check, line->name) || !check_line_kind(check, line) ||
	    !check_format(check, line->format))
		return false;
	for (unsigned i = 0; i < index; i++) {
		if (strcmp(lines[i].name, line->name) == 0)
			return REFUSE(check, "name",
			    "a line '%s' is there already", line->name);
		if (same_place(&lines[i], line))
			return REFUSE(check,
			    line->tcp != NULL ? "tcp" : "serial",
			    "line '%s' has this port already", lines[i].name);
	}
	return true;
}

static bool
refuse_unknown(struct check *check, const char *key, const char *what,
    const char *name, const char *const *known, unsigned count)
{
	char list[YAML_REASON_SIZE] = "";
	for (unsigned i = 0; i < count; i++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof(list) - used, "%s%s",
		    i > 0 ? ", " : "", known[i]);
	}
	return REFUSE(
	    check, key, "unknown %s '%s'; known: %s", what, name, list);
}

static bool
find_line(struct check *check, const char *name, unsigned *index)
{
	const struct config *config = check->config;
	const char *known[CONFIG_LINES_MAX];
	for (unsigned i = 0; i < config->lines_count; i++) {
		known[i] = config->lines[i].name;
		if (strcmp(known[i], name) == 0) {
			*index = i;
			return true;
		}
	}
	return refuse_unknown(
	    check, "line", "line", name, known, config->lines_count);
}

static bool
line_asks(const struct config *config, unsigned line)
{
	for (unsigned i = 0; i < config->devices_count; i++)
		if (config->devices[i].line_index == line)
			return true;
	return false;
}

static bool
line_answers(const struct config *config, unsigned line)
{
	for (unsigned i = 0; i < config->shown_count; i++)
		if (config->shown[i].line_index == line)
			return true;
	return false;
}

static bool
check_line_used(struct check *check, unsigned index)
{
	enter(check, "lines", index);
	if (line_asks(check->config, index) ||
	    line_answers(check->config, index))
		return true;
	return REFUSE(check, NULL,
	    "line '%s' is used by no device and no shown meter",
	    check->config->lines[index].name);
}

/* --- devices and shown meters ----------------------------------------------
 */

static bool
check_device(struct check *check, unsigned index)
{
	struct config_device *devices = check->config->devices;
	struct config_device *device = &devices[index];
	enter(check, "devices", index);
	if (!check_new_name(check, device->name, index, 0) ||
	    !find_line(check, device->line, &device->line_index) ||
	    !check_map_name(check, device->map))
		return false;
	if (device->poll_ms > 0 && device->poll_ms < 50)
		return REFUSE(check, "poll_ms",
		    "poll_ms must be 0 (only asked for others) or 50 .. 5000");
	for (unsigned i = 0; i < index; i++)
		if (devices[i].line_index == device->line_index &&
		    devices[i].unit == device->unit)
			return REFUSE(check, "unit",
			    "unit %u on line '%s' is device '%s' already",
			    device->unit, device->line, devices[i].name);
	return true;
}

static bool
find_device(
    struct check *check, const char *key, const char *name, unsigned *index)
{
	const struct config *config = check->config;
	const char *known[CONFIG_DEVICES_MAX];
	for (unsigned i = 0; i < config->devices_count; i++) {
		known[i] = config->devices[i].name;
		if (strcmp(known[i], name) == 0) {
			*index = i;
			return true;
		}
	}
	return refuse_unknown(
	    check, key, "device", name, known, config->devices_count);
}

static bool
check_feeds(struct check *check, const char *key,
    const struct config_shown *shown, const struct config_device *device)
{
	if (device->poll_ms == 0)
		return REFUSE(check, key,
		    "'%s' is never asked by itself (poll_ms 0)", device->name);
	if (shown->max_age_ms < 2 * device->poll_ms)
		return REFUSE(check, "max_age_ms",
		    "max_age_ms %u must be at least twice poll_ms of '%s' "
		    "(%u)",
		    shown->max_age_ms, device->name, device->poll_ms);
	return true;
}

static bool
check_source(struct check *check, struct config_shown *shown)
{
	const struct config_device *source;
	if (!find_device(check, "source", shown->source, &shown->source_index))
		return false;
	source = &check->config->devices[shown->source_index];
	if (source->role != ROLE_GRID_METER)
		return REFUSE(
		    check, "source", "'%s' is not a grid_meter", source->name);
	return check_feeds(check, "source", shown, source);
}

static bool
check_fallback(struct check *check, struct config_shown *shown)
{
	if (shown->fallback == NULL)
		return true;
	if (!find_device(
		check, "fallback", shown->fallback, &shown->fallback_index))
		return false;
	if (shown->fallback_index == shown->source_index)
		return REFUSE(check, "fallback", "'%s' is the source already",
		    shown->fallback);
	if (shown->mode == SHOWN_INLINE)
		return REFUSE(check, "fallback",
		    "a meter that is shown inline has no fallback");
	return check_feeds(check, "fallback", shown,
	    &check->config->devices[shown->fallback_index]);
}

/* What goes through unchanged must be what the inverter expects. */
static bool
check_mode(struct check *check, const struct config_shown *shown)
{
	const struct config_device *source =
	    &check->config->devices[shown->source_index];
	if (shown->mode != SHOWN_INLINE && shown->on_stale != STALE_PASSTHROUGH)
		return true;
	if (strcmp(shown->map, source->map) != 0)
		return REFUSE(check, "map",
		    "%s shows the meter itself: the map must be that of '%s', "
		    "%s",
		    shown->mode == SHOWN_INLINE ? "inline"
						: "on_stale: passthrough",
		    source->name, source->map);
	return true;
}

static bool
check_shown_line(struct check *check, unsigned index)
{
	struct config_shown *all = check->config->shown;
	struct config_shown *shown = &all[index];
	if (!find_line(check, shown->line, &shown->line_index))
		return false;
	if (check->config->lines[shown->line_index].tcp != NULL)
		return REFUSE(check, "line",
		    "a shown meter answers on a serial line, not by tcp");
	if (line_asks(check->config, shown->line_index))
		return REFUSE(check, "line",
		    "devices are asked on line '%s'; a shown meter answers "
		    "another client and needs a line of its own",
		    shown->line);
	for (unsigned i = 0; i < index; i++)
		if (all[i].line_index == shown->line_index &&
		    all[i].unit == shown->unit)
			return REFUSE(check, "unit",
			    "unit %u on line '%s' is shown as '%s' already",
			    shown->unit, shown->line, all[i].name);
	return true;
}

static bool
check_shown(struct check *check, unsigned index)
{
	const struct config *config = check->config;
	struct config_shown *shown = &config->shown[index];
	enter(check, "shown", index);
	if (!check_new_name(check, shown->name, config->devices_count, index) ||
	    !check_shown_line(check, index) ||
	    !check_map_name(check, shown->map) || !check_source(check, shown) ||
	    !check_fallback(check, shown) || !check_mode(check, shown))
		return false;
	if (shown->reply_delay_us >= shown->max_reply_age_ms * 1000)
		return REFUSE(check, "reply_delay_us",
		    "reply_delay_us must be shorter than max_reply_age_ms "
		    "(%u)",
		    shown->max_reply_age_ms);
	return true;
}

/* --- web -------------------------------------------------------------------
 */

/* A login with an empty password would be none. */
static bool
holds_password(int fd)
{
	char text[256];
	struct stat status;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	ssize_t length = read(fd, text, sizeof(text));
	for (ssize_t i = 0; i < length && text[i] != '\n'; i++)
		if ((unsigned char)text[i] > ' ')
			return true;
	return false;
}

static bool
check_password_file(struct check *check, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return REFUSE(check, "password_file", "cannot read it: %s",
		    strerror(errno));
	bool good = holds_password(fd);
	close(fd);
	return good || REFUSE(check, "password_file",
			   "must be a file with a password in its first line");
}

static bool
check_web(struct check *check)
{
	const struct config_web *web = check->config->web;
	snprintf(check->block, sizeof(check->block), "web");
	enum network_reach reach = network_reach(web->listen);
	if (reach == NETWORK_NONE)
		return REFUSE(check, "listen",
		    "listen must be a numeric address such as 127.0.0.1 or "
		    "::1");
	if (web->password_file != NULL)
		return check_password_file(check, web->password_file);
	if (reach == NETWORK_BEYOND)
		return REFUSE(check, "listen",
		    "nothing listens beyond loopback without a login; add "
		    "password_file");
	return true;
}

/* --- all -------------------------------------------------------------------
 */

/* In this order: each step leans on the ones before. */
bool
config_check_all(struct config *config, struct yaml_file *file)
{
	struct check check = { .config = config, .file = file };
	for (unsigned i = 0; i < config->lines_count; i++)
		if (!check_line(&check, i))
			return false;
	for (unsigned i = 0; i < config->devices_count; i++)
		if (!check_device(&check, i))
			return false;
	for (unsigned i = 0; i < config->shown_count; i++)
		if (!check_shown(&check, i))
			return false;
	for (unsigned i = 0; i < config->lines_count; i++)
		if (!check_line_used(&check, i))
			return false;
	return check_web(&check) && config_tcp_check(config, file);
}
