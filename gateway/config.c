/* SPDX-License-Identifier: MIT */
#include "gateway/config.h"

#include <stdlib.h>

#include "gateway/config_check.h"
#include "gateway/config_rules.h"
#include "gateway/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the shape of the file ------------------------------------------------ */

#define TEXT(key, structure, max)                                              \
	CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, structure, key, 1, max)
#define TEXT_OPTIONAL(key, structure, max)                                     \
	CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
	    structure, key, 1, max)
#define NUMBER(key, structure)                                                 \
	CYAML_FIELD_UINT(#key, CYAML_FLAG_DEFAULT, structure, key)
#define NUMBER_OPTIONAL(key, structure)                                        \
	CYAML_FIELD_UINT(#key, CYAML_FLAG_OPTIONAL, structure, key)
#define WORD(key, structure, words)                                            \
	CYAML_FIELD_ENUM(#key, CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL,        \
	    structure, key, words, COUNT(words))
#define LIST_IN(structure, key, flags, entry, min, max)                        \
	CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | (flags), structure,    \
	    key, &(entry), min, max)
#define LIST(key, flags, entry, min, max)                                      \
	LIST_IN(struct config, key, flags, entry, min, max)
#define BLOCK(key, fields)                                                     \
	CYAML_FIELD_MAPPING_PTR(                                               \
	    #key, CYAML_FLAG_OPTIONAL, struct config, key, fields)

static const cyaml_strval_t role_words[] = {
	{ "grid_meter", ROLE_GRID_METER },
	{ "meter", ROLE_METER },
};
static const cyaml_strval_t mode_words[] = {
	{ "emulate", SHOWN_EMULATE },
	{ "inline", SHOWN_INLINE },
};
static const cyaml_strval_t stale_words[] = {
	{ "silent", STALE_SILENT },
	{ "exception", STALE_EXCEPTION },
	{ "passthrough", STALE_PASSTHROUGH },
};
static const cyaml_strval_t switch_words[] = {
	{ "off", SWITCH_OFF },
	{ "on", SWITCH_ON },
};
static const cyaml_strval_t policy_words[] = {
	{ "transparent", POLICY_TRANSPARENT },
};

static const cyaml_strval_t write_words[] = {
	{ "deny", WRITE_DENY },
	{ "allow", WRITE_ALLOW },
};
static const cyaml_strval_t phases_words[] = {
	{ "all", PHASES_ALL },
	{ "l1", PHASES_L1 },
	{ "l2", PHASES_L2 },
	{ "l3", PHASES_L3 },
};
static const cyaml_strval_t flag_words[] = {
	{ "true", FLAG_TRUE },
	{ "false", FLAG_FALSE },
};

static const cyaml_schema_field_t site_fields[] = {
	TEXT_OPTIONAL(name, struct config_site, CONFIG_NAME_MAX),
	NUMBER_OPTIONAL(fuse_a, struct config_site),
	NUMBER_OPTIONAL(phases, struct config_site),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t line_fields[] = {
	TEXT(name, struct config_line, CONFIG_NAME_MAX),
	TEXT_OPTIONAL(serial, struct config_line, CONFIG_PATH_MAX),
	TEXT_OPTIONAL(tcp, struct config_line, CONFIG_NAME_MAX * 2),
	NUMBER_OPTIONAL(port, struct config_line),
	NUMBER_OPTIONAL(baud, struct config_line),
	TEXT_OPTIONAL(format, struct config_line, CONFIG_NAME_MAX),
	WORD(echo, struct config_line, switch_words),
	WORD(rs485, struct config_line, switch_words),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t device_fields[] = {
	TEXT(name, struct config_device, CONFIG_NAME_MAX),
	CYAML_FIELD_ENUM("role", CYAML_FLAG_STRICT, struct config_device, role,
	    role_words, COUNT(role_words)),
	TEXT(line, struct config_device, CONFIG_NAME_MAX),
	NUMBER(unit, struct config_device),
	TEXT(map, struct config_device, CONFIG_NAME_MAX * 2),
	NUMBER_OPTIONAL(poll_ms, struct config_device),
	NUMBER_OPTIONAL(timeout_ms, struct config_device),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t shown_fields[] = {
	TEXT(name, struct config_shown, CONFIG_NAME_MAX),
	TEXT(line, struct config_shown, CONFIG_NAME_MAX),
	NUMBER(unit, struct config_shown),
	TEXT(map, struct config_shown, CONFIG_NAME_MAX * 2),
	WORD(mode, struct config_shown, mode_words),
	WORD(phases, struct config_shown, phases_words),
	TEXT(source, struct config_shown, CONFIG_NAME_MAX),
	TEXT_OPTIONAL(fallback, struct config_shown, CONFIG_NAME_MAX),
	NUMBER_OPTIONAL(max_age_ms, struct config_shown),
	WORD(on_stale, struct config_shown, stale_words),
	NUMBER(limit_w, struct config_shown),
	NUMBER_OPTIONAL(slew_w_per_s, struct config_shown),
	NUMBER_OPTIONAL(reply_delay_us, struct config_shown),
	NUMBER_OPTIONAL(max_reply_age_ms, struct config_shown),
	NUMBER_OPTIONAL(max_pass_ms, struct config_shown),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t policy_fields[] = {
	WORD(mode, struct config_policy_block, policy_words),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t storage_fields[] = {
	TEXT_OPTIONAL(path, struct config_storage, CONFIG_PATH_MAX),
	NUMBER_OPTIONAL(commit_s, struct config_storage),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t web_fields[] = {
	TEXT_OPTIONAL(listen, struct config_web, CONFIG_NAME_MAX * 2),
	NUMBER_OPTIONAL(port, struct config_web),
	TEXT_OPTIONAL(password_file, struct config_web, CONFIG_PATH_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t range_fields[] = {
	NUMBER(first, struct config_range),
	NUMBER(last, struct config_range),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t range_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct config_range, range_fields),
};

static const cyaml_schema_field_t unit_fields[] = {
	NUMBER(unit, struct config_unit),
	TEXT_OPTIONAL(device, struct config_unit, CONFIG_NAME_MAX),
	TEXT_OPTIONAL(shown, struct config_unit, CONFIG_NAME_MAX),
	WORD(box, struct config_unit, flag_words),
	WORD(write, struct config_unit, write_words),
	LIST_IN(struct config_unit, write_ranges, CYAML_FLAG_OPTIONAL,
	    range_entry, 1, CONFIG_RANGES_MAX),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t unit_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct config_unit, unit_fields),
};
static const cyaml_schema_value_t network_entry = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CONFIG_NAME_MAX * 2),
};

static const cyaml_schema_field_t modbus_tcp_fields[] = {
	TEXT_OPTIONAL(listen, struct config_modbus_tcp, CONFIG_NAME_MAX * 2),
	NUMBER_OPTIONAL(port, struct config_modbus_tcp),
	NUMBER_OPTIONAL(connections_max, struct config_modbus_tcp),
	NUMBER_OPTIONAL(idle_s, struct config_modbus_tcp),
	LIST_IN(struct config_modbus_tcp, allow_from, CYAML_FLAG_OPTIONAL,
	    network_entry, 1, CONFIG_NETWORKS_MAX),
	LIST_IN(struct config_modbus_tcp, units, 0, unit_entry, 1,
	    CONFIG_UNITS_MAX),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t line_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct config_line, line_fields),
};
static const cyaml_schema_value_t device_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct config_device, device_fields),
};
static const cyaml_schema_value_t shown_entry = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct config_shown, shown_fields),
};

static const cyaml_schema_field_t config_fields[] = {
	BLOCK(site, site_fields),
	LIST(lines, 0, line_entry, 1, CONFIG_LINES_MAX),
	LIST(devices, 0, device_entry, 1, CONFIG_DEVICES_MAX),
	LIST(shown, CYAML_FLAG_OPTIONAL, shown_entry, 0, CONFIG_SHOWN_MAX),
	BLOCK(policy, policy_fields),
	BLOCK(storage, storage_fields),
	BLOCK(web, web_fields),
	BLOCK(modbus_tcp, modbus_tcp_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields),
};

/* --- loading ---------------------------------------------------------------
 */

/* A block that is left out is one with nothing in it. */
static bool
add_blocks(struct config *config)
{
	if (config->site == NULL)
		config->site = calloc(1, sizeof(*config->site));
	if (config->policy == NULL)
		config->policy = calloc(1, sizeof(*config->policy));
	if (config->storage == NULL)
		config->storage = calloc(1, sizeof(*config->storage));
	if (config->web == NULL)
		config->web = calloc(1, sizeof(*config->web));
	return config->site != NULL && config->policy != NULL &&
	       config->storage != NULL && config->web != NULL;
}

static struct config *
load_checked(struct yaml_file *file)
{
	if (!config_rules_supported(file))
		return NULL;
	struct config *config = yaml_file_load(file, &config_schema);
	if (config == NULL)
		return NULL;
	if (!add_blocks(config))
		yaml_file_refuse(file, "", NULL, "out of memory");
	else if (config_rules_apply(config, file) &&
		 config_check_all(config, file))
		return config;
	config_free(config);
	return NULL;
}

struct config *
config_load(const char *file_name, char *error, unsigned error_size)
{
	struct yaml_file *file = yaml_file_open(file_name, error, error_size);
	if (file == NULL)
		return NULL;
	struct config *config = load_checked(file);
	yaml_file_close(file);
	return config;
}

void
config_free(struct config *config)
{
	yaml_file_release(&config_schema, config);
}
