/* SPDX-License-Identifier: MIT */
#include "gateway/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config_check.h"
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
#define LIST(key, flags, entry, min, max)                                      \
	CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | (flags),               \
	    struct config, key, &entry, min, max)
#define BLOCK(key, fields)                                                     \
	CYAML_FIELD_MAPPING_PTR(                                               \
	    #key, CYAML_FLAG_OPTIONAL, struct config, key, fields)

static const cyaml_strval_t role_words[] = {
	{ "grid_meter", ROLE_GRID_METER },
};
static const cyaml_strval_t mode_words[] = {
	{ "emulate", SHOWN_EMULATE },
};
static const cyaml_strval_t stale_words[] = {
	{ "silent", STALE_SILENT },
};
static const cyaml_strval_t policy_words[] = {
	{ "transparent", POLICY_TRANSPARENT },
};

static const cyaml_schema_field_t site_fields[] = {
	TEXT_OPTIONAL(name, struct config_site, CONFIG_NAME_MAX),
	NUMBER_OPTIONAL(fuse_a, struct config_site),
	NUMBER_OPTIONAL(phases, struct config_site),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t line_fields[] = {
	TEXT(name, struct config_line, CONFIG_NAME_MAX),
	TEXT(serial, struct config_line, CONFIG_PATH_MAX),
	NUMBER_OPTIONAL(baud, struct config_line),
	TEXT_OPTIONAL(format, struct config_line, CONFIG_NAME_MAX),
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
	TEXT(source, struct config_shown, CONFIG_NAME_MAX),
	NUMBER_OPTIONAL(max_age_ms, struct config_shown),
	WORD(on_stale, struct config_shown, stale_words),
	NUMBER(limit_w, struct config_shown),
	NUMBER_OPTIONAL(slew_w_per_s, struct config_shown),
	NUMBER_OPTIONAL(reply_delay_us, struct config_shown),
	NUMBER_OPTIONAL(max_reply_age_ms, struct config_shown),
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
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config, config_fields),
};

/* --- not yet ---------------------------------------------------------------
 */

/* Documented, but this version cannot do it. Value NULL: the key at all. */
static const struct absent {
	const char *list; /* or block */
	const char *key;
	const char *value;
} absents[] = {
	{ "lines", "tcp", NULL },
	{ "devices", "role", "inverter" },
	{ "devices", "role", "battery" },
	{ "devices", "role", "ev" },
	{ "devices", "role", "load" },
	{ "shown", "mode", "inline" },
	{ "shown", "inverter", NULL },
	{ "shown", "on_stale", "exception" },
	{ "policy", "mode", "manual" },
	{ "policy", "mode", "grid_target" },
	{ "policy", "mode", "battery" },
	{ "policy", "mode", "ev_surplus" },
	{ "storage", "budget_mb", NULL },
};

static bool
refuse_absent(
    struct yaml_file *file, const char *block, const struct absent *absent)
{
	if (!yaml_file_has(file, block, absent->key))
		return true;
	if (absent->value == NULL)
		return yaml_file_refuse_key(file, block, absent->key,
		    "%s is not supported by this version", absent->key);
	const char *text = yaml_file_text(file, block, absent->key);
	if (text == NULL || strcmp(text, absent->value) != 0)
		return true;
	return yaml_file_refuse(file, block, absent->key,
	    "%s '%s' is not supported by this version", absent->key, text);
}

static bool
refuse_absents(struct yaml_file *file)
{
	for (size_t i = 0; i < COUNT(absents); i++) {
		const struct absent *absent = &absents[i];
		char block[32];
		if (!refuse_absent(file, absent->list, absent))
			return false;
		for (unsigned k = 0; k < CONFIG_DEVICES_MAX; k++) {
			snprintf(
			    block, sizeof(block), "%s[%u]", absent->list, k);
			if (!refuse_absent(file, block, absent))
				return false;
		}
	}
	return true;
}

/* --- ranges and defaults ---------------------------------------------------
 */

struct number_rule {
	const char *key;
	size_t offset;
	uint32_t fallback; /* when the key is missing */
	uint32_t min;
	uint32_t max;
	const uint32_t *choices; /* instead of min and max; ends with 0 */
};

struct text_rule {
	const char *key;
	size_t offset;
	const char *fallback;
};

#define AT(structure, key) #key, offsetof(structure, key)

static const uint32_t bauds[] = { 1200, 2400, 4800, 9600, 19200, 38400, 57600,
	115200, 0 };
static const uint32_t phases[] = { 1, 3, 0 };

static const struct number_rule site_numbers[] = {
	{ AT(struct config_site, fuse_a), 63, 1, 1000, NULL },
	{ AT(struct config_site, phases), 3, 0, 0, phases },
	{ 0 },
};
static const struct number_rule line_numbers[] = {
	{ AT(struct config_line, baud), 9600, 0, 0, bauds },
	{ 0 },
};
static const struct number_rule device_numbers[] = {
	{ AT(struct config_device, unit), 0, 1, 255, NULL },
	{ AT(struct config_device, poll_ms), 200, 50, 5000, NULL },
	{ AT(struct config_device, timeout_ms), 200, 60, 2000, NULL },
	{ 0 },
};
static const struct number_rule shown_numbers[] = {
	{ AT(struct config_shown, unit), 0, 1, 255, NULL },
	{ AT(struct config_shown, max_age_ms), 1500, 200, 10000, NULL },
	{ AT(struct config_shown, limit_w), 0, 0, 100000, NULL },
	{ AT(struct config_shown, slew_w_per_s), 1000, 1, 100000, NULL },
	{ AT(struct config_shown, reply_delay_us), 0, 0, 50000, NULL },
	{ AT(struct config_shown, max_reply_age_ms), 150, 20, 1000, NULL },
	{ 0 },
};
static const struct number_rule storage_numbers[] = {
	{ AT(struct config_storage, commit_s), 5, 1, 60, NULL },
	{ 0 },
};
static const struct number_rule web_numbers[] = {
	/* 0: any free port */
	{ AT(struct config_web, port), 8080, 0, 65535, NULL },
	{ 0 },
};

static const struct text_rule site_texts[] = {
	{ AT(struct config_site, name), "home" },
	{ 0 },
};
static const struct text_rule line_texts[] = {
	{ AT(struct config_line, format), "8N1" },
	{ 0 },
};
static const struct text_rule storage_texts[] = {
	{ AT(struct config_storage, path), "/var/lib/gridshim/history.db" },
	{ 0 },
};
static const struct text_rule web_texts[] = {
	{ AT(struct config_web, listen), "127.0.0.1" },
	{ 0 },
};

static bool
is_choice(const uint32_t *choices, uint32_t value)
{
	while (*choices != 0 && *choices != value)
		choices++;
	return *choices != 0;
}

static bool
refuse_choice(
    struct yaml_file *file, const char *block, const struct number_rule *rule)
{
	char list[80] = "";
	for (const uint32_t *c = rule->choices; *c != 0; c++) {
		size_t used = strlen(list);
		snprintf(list + used, sizeof(list) - used, " %u", *c);
	}
	return yaml_file_refuse(
	    file, block, rule->key, "%s must be one of%s", rule->key, list);
}

static bool
apply_number(struct yaml_file *file, const char *block, void *base,
    const struct number_rule *rule)
{
	uint32_t value;
	char *at = (char *)base + rule->offset;
	memcpy(&value, at, sizeof(value));
	if (!yaml_file_has(file, block, rule->key)) {
		memcpy(at, &rule->fallback, sizeof(rule->fallback));
		return true;
	}
	if (rule->choices != NULL)
		return is_choice(rule->choices, value) ||
		       refuse_choice(file, block, rule);
	if (value < rule->min || value > rule->max)
		return yaml_file_refuse(file, block, rule->key,
		    "%s must be %u .. %u", rule->key, rule->min, rule->max);
	return true;
}

static bool
apply_text(struct yaml_file *file, void *base, const struct text_rule *rule)
{
	char *text;
	char *at = (char *)base + rule->offset;
	memcpy(&text, at, sizeof(text));
	if (text != NULL)
		return true;
	text = strdup(rule->fallback);
	if (text == NULL)
		return yaml_file_refuse(file, "", NULL, "out of memory");
	memcpy(at, &text, sizeof(text));
	return true;
}

static bool
apply_rules(struct yaml_file *file, const char *block, void *base,
    const struct number_rule *number, const struct text_rule *text)
{
	for (; number->key != NULL; number++)
		if (!apply_number(file, block, base, number))
			return false;
	for (; text != NULL && text->key != NULL; text++)
		if (!apply_text(file, base, text))
			return false;
	return true;
}

static bool
apply_all(struct yaml_file *file, struct config *config)
{
	const struct {
		const char *list;
		char *entries;
		unsigned count;
		size_t size;
		const struct number_rule *numbers;
		const struct text_rule *texts;
	} rows[] = {
		{ "lines", (char *)config->lines, config->lines_count,
		    sizeof(*config->lines), line_numbers, line_texts },
		{ "devices", (char *)config->devices, config->devices_count,
		    sizeof(*config->devices), device_numbers, NULL },
		{ "shown", (char *)config->shown, config->shown_count,
		    sizeof(*config->shown), shown_numbers, NULL },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		for (unsigned k = 0; k < rows[i].count; k++) {
			char block[32];
			snprintf(
			    block, sizeof(block), "%s[%u]", rows[i].list, k);
			if (!apply_rules(file, block,
				rows[i].entries + k * rows[i].size,
				rows[i].numbers, rows[i].texts))
				return false;
		}
	return apply_rules(
		   file, "site", config->site, site_numbers, site_texts) &&
	       apply_rules(file, "storage", config->storage, storage_numbers,
		   storage_texts) &&
	       apply_rules(file, "web", config->web, web_numbers, web_texts);
}

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

/* --- loading ---------------------------------------------------------------
 */

static struct config *
load_checked(struct yaml_file *file)
{
	if (!refuse_absents(file))
		return NULL;
	struct config *config = yaml_file_load(file, &config_schema);
	if (config == NULL)
		return NULL;
	if (!add_blocks(config))
		yaml_file_refuse(file, "", NULL, "out of memory");
	else if (apply_all(file, config) && config_check_all(config, file))
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
