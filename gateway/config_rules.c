/* SPDX-License-Identifier: MIT */
#include "gateway/config_rules.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- not yet ---------------------------------------------------------------
 */

/* Documented, but this version cannot do it. Value NULL: the key at all. */
static const struct absent {
	const char *list; /* or block */
	const char *key;
	const char *value;
} absents[] = {
	{ "devices", "role", "inverter" },
	{ "devices", "role", "battery" },
	{ "devices", "role", "ev" },
	{ "devices", "role", "load" },
	{ "shown", "inverter", NULL },
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

bool
config_rules_supported(struct yaml_file *file)
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
	{ AT(struct config_line, port), 502, 1, 65535, NULL },
	{ 0 },
};
static const struct number_rule device_numbers[] = {
	{ AT(struct config_device, unit), 0, 1, 255, NULL },
	{ AT(struct config_device, poll_ms), 200, 0, 5000, NULL },
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
	{ AT(struct config_shown, max_pass_ms), 500, 50, 5000, NULL },
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

static const struct number_rule modbus_tcp_numbers[] = {
	{ AT(struct config_modbus_tcp, port), 1502, 1, 65535, NULL },
	{ AT(struct config_modbus_tcp, connections_max), 1024, 1,
	    CONFIG_CONNECTIONS_MAX, NULL },
	{ AT(struct config_modbus_tcp, idle_s), 300, 1, 86400, NULL },
	{ 0 },
};
static const struct number_rule unit_numbers[] = {
	{ AT(struct config_unit, unit), 0, 0, 255, NULL },
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

static const struct text_rule modbus_tcp_texts[] = {
	{ AT(struct config_modbus_tcp, listen), "127.0.0.1" },
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
apply_modbus_tcp(struct config_modbus_tcp *tcp, struct yaml_file *file)
{
	char block[32];

	for (unsigned i = 0; i < tcp->units_count; i++) {
		snprintf(block, sizeof(block), "modbus_tcp.units[%u]", i);
		if (!apply_rules(
			file, block, &tcp->units[i], unit_numbers, NULL))
			return false;
	}
	return apply_rules(
	    file, "modbus_tcp", tcp, modbus_tcp_numbers, modbus_tcp_texts);
}

bool
config_rules_apply(struct config *config, struct yaml_file *file)
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
	       apply_rules(file, "web", config->web, web_numbers, web_texts) &&
	       (config->modbus_tcp == NULL ||
		   apply_modbus_tcp(config->modbus_tcp, file));
}
