/* SPDX-License-Identifier: MIT */
/*
 * The checked configuration (gridshim.yaml). Loaded once, by the parent;
 * children get it as const. Every rule a wrong file can break is checked in
 * config_load, so nobody behind it checks again. What is left out has its
 * default here; what this version cannot do yet is refused, never ignored.
 *
 * Not checked here: that the maps exist and are good (proxy/map.h).
 */
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/network.h"

enum {
	CONFIG_LINES_MAX = 8,
	CONFIG_DEVICES_MAX = 16,
	CONFIG_SHOWN_MAX = 8,
	CONFIG_NAME_MAX = 31, /* characters */
	CONFIG_PATH_MAX = 1023,
	CONFIG_UNITS_MAX = 64, /* of the Modbus TCP server */
	CONFIG_RANGES_MAX = 16,
	CONFIG_NETWORKS_MAX = 16,
	CONFIG_CONNECTIONS_MAX = 2048,
};

enum config_role { ROLE_GRID_METER, ROLE_METER };
enum config_mode { SHOWN_EMULATE, SHOWN_INLINE };
enum config_stale { STALE_SILENT, STALE_EXCEPTION, STALE_PASSTHROUGH };
enum config_phases { PHASES_ALL, PHASES_L1, PHASES_L2, PHASES_L3 };
enum config_switch { SWITCH_OFF, SWITCH_ON };
enum config_policy { POLICY_TRANSPARENT };
enum config_write { WRITE_DENY, WRITE_ALLOW };
enum config_flag { FLAG_FALSE, FLAG_TRUE };
enum config_target { TARGET_DEVICE, TARGET_SHOWN, TARGET_BOX };

struct config_site {
	char *name;
	uint32_t
	    fuse_a; /* main fuse per phase; bounds what power is believed */
	uint32_t phases; /* 1 or 3 */
};

struct config_line {
	char *name;
	char *serial; /* device path; NULL: tcp */
	char *tcp; /* numeric address of a Modbus TCP device; NULL: serial */
	uint32_t port; /* of tcp */
	uint32_t baud;
	char *format; /* "8N1", "8E1", "8O1", "8N2" */
	enum config_switch echo; /* the adapter hears itself */
	enum config_switch rs485; /* the driver switches the direction */
};

struct config_device {
	char *name;
	enum config_role role;
	char *line;
	uint32_t unit; /* 1 .. 255 */
	char *map; /* file name in the map folder, without .yaml */
	uint32_t poll_ms; /* 0: asked only for others */
	uint32_t timeout_ms; /* to the first byte of a reply */
	unsigned line_index; /* resolved from line */
};

struct config_shown {
	char *name;
	char *line;
	uint32_t unit;
	char *map;
	enum config_mode mode;
	enum config_phases phases; /* what it is about; proxy/complete.h */
	char *source; /* device it is fed from */
	char
	    *fallback; /* device to feed from while source is silent; or NULL */
	uint32_t max_age_ms;
	enum config_stale on_stale;
	uint32_t limit_w;
	uint32_t slew_w_per_s;
	uint32_t reply_delay_us; /* least silence before a reply; 0: t3.5 */
	uint32_t max_reply_age_ms; /* no reply to a request older than this */
	uint32_t max_pass_ms; /* nor the real meter's own, passed through */
	unsigned line_index;
	unsigned source_index;
	unsigned fallback_index; /* only with fallback */
};

struct config_policy_block {
	enum config_policy mode;
};

struct config_storage {
	char *path;
	uint32_t commit_s;
};

struct config_web {
	char *listen; /* numeric address */
	uint32_t port;
	char *password_file; /* needed beyond loopback; may be NULL */
};

/* Registers that a client may write; both ends belong to it. */
struct config_range {
	uint32_t first;
	uint32_t last;
};

/* Whom a Modbus TCP client reaches under a unit id. */
struct config_unit {
	uint32_t unit; /* 0 .. 255, as clients say it */
	char *device; /* exactly one of device, shown, box */
	char *shown;
	enum config_flag box;
	enum config_write write;
	struct config_range *write_ranges; /* none: all registers */
	unsigned write_ranges_count;
	enum config_target target; /* resolved, and the index there */
	unsigned index;
};

struct config_modbus_tcp {
	char *listen; /* numeric address */
	uint32_t port;
	uint32_t connections_max;
	uint32_t idle_s; /* a silent connection is closed */
	char **allow_from; /* needed beyond loopback */
	unsigned allow_from_count;
	struct config_unit *units;
	unsigned units_count;
	struct network networks[CONFIG_NETWORKS_MAX]; /* from allow_from */
};

struct config {
	struct config_site *site;
	struct config_line *lines;
	unsigned lines_count;
	struct config_device *devices;
	unsigned devices_count;
	struct config_shown *shown;
	unsigned shown_count;
	struct config_policy_block *policy;
	struct config_storage *storage;
	struct config_web *web;
	struct config_modbus_tcp *modbus_tcp; /* NULL: no such server */
};

/*
 * Reads and checks a file. On failure returns NULL with one line in error:
 * "FILE:LINE:COLUMN: reason". The caller owns the result.
 */
struct config *config_load(const char *file, char *error, unsigned error_size);
void config_free(struct config *config);

#endif
