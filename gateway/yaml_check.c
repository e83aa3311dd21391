/* SPDX-License-Identifier: MIT */
#include "gateway/yaml_check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/yaml_scan.h"

/* Where we are: the key names the value in the reasons. */
struct check {
	yaml_document_t *document;
	struct yaml_problem *problem;
};

typedef bool check_value(const struct check *check,
    const cyaml_schema_value_t *schema, yaml_node_t *node, const char *name);

#define REFUSE(check, node, ...)                                               \
	yaml_scan_fail((check)->problem, (node)->start_mark.line + 1,          \
	    (node)->start_mark.column + 1, __VA_ARGS__)

static const char *
scalar_text(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE
	           ? (const char *)node->data.scalar.value
	           : NULL;
}

yaml_node_t *
yaml_check_find(yaml_document_t *document, yaml_node_t *node, const char *name,
    size_t length, yaml_node_t **key)
{
	if (node == NULL || node->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *found =
		    yaml_document_get_node(document, pair->key);
		const char *text = scalar_text(found);
		if (text == NULL || strlen(text) != length ||
		    memcmp(text, name, length) != 0)
			continue;
		if (key != NULL)
			*key = found;
		return yaml_document_get_node(document, pair->value);
	}
	return NULL;
}

static void
append(char *list, size_t size, const char *text)
{
	size_t used = strlen(list);
	snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", text);
}

static bool
check_unsigned(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	const char *text = scalar_text(node);
	unsigned long long max =
	    schema->data_size >= sizeof(max)
	        ? ~0ULL
	        : (1ULL << schema->data_size * 8) - 1;
	if (text == NULL || text[0] == '\0')
		return REFUSE(check, node, "%s must be a number", name);
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	size_t good =
	    strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	if (good == 0 || digits[good] != '\0')
		return REFUSE(check, node,
		    "%s must be a whole number, not '%.40s'", name, text);
	if (!hex && text[0] == '0' && text[1] != '\0')
		return REFUSE(check, node,
		    "%s: '%.40s' has leading zeros; write it without", name,
		    text);
	errno = 0;
	unsigned long long value = strtoull(text, NULL, 0);
	if (errno != 0 || value > max)
		return REFUSE(
		    check, node, "%s: %.40s is too large", name, text);
	return true;
}

static bool
check_float(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	(void)schema;
	const char *text = scalar_text(node);
	if (text == NULL || text[0] == '\0')
		return REFUSE(check, node, "%s must be a number", name);
	char *end;
	double value = strtod(text, &end);
	if (strspn(text, "0123456789+-.eE") != strlen(text) || *end != '\0' ||
	    !isfinite(value))
		return REFUSE(check, node, "%s must be a number, not '%.40s'",
		    name, text);
	return true;
}

static bool
check_string(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	const char *text = scalar_text(node);
	if (text == NULL)
		return REFUSE(check, node, "%s must be a text", name);
	size_t length = strlen(text);
	if (length < schema->string.min)
		return REFUSE(check, node, "%s is empty", name);
	if (length > schema->string.max)
		return REFUSE(check, node,
		    "%s is too long; at most %u characters", name,
		    (unsigned)schema->string.max);
	return true;
}

static bool
check_enum(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	char known[160] = "";
	const char *text = scalar_text(node);
	for (uint32_t i = 0; i < schema->enumeration.count; i++) {
		const char *row = schema->enumeration.strings[i].str;
		if (text != NULL && strcmp(text, row) == 0)
			return true;
		append(known, sizeof(known), row);
	}
	return REFUSE(check, node, "unknown %s '%.40s'; known: %s", name,
	    text != NULL ? text : "", known);
}

static check_value check_any;

static bool
check_list(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	if (node->type != YAML_SEQUENCE_NODE)
		return REFUSE(check, node, "%s must be a list", name);
	yaml_node_item_t *start = node->data.sequence.items.start;
	size_t count = (size_t)(node->data.sequence.items.top - start);
	if (count < schema->sequence.min)
		return REFUSE(check, node, "%s needs at least %u entry", name,
		    (unsigned)schema->sequence.min);
	for (size_t i = 0; i < count; i++) {
		yaml_node_t *item =
		    yaml_document_get_node(check->document, start[i]);
		if (i >= schema->sequence.max)
			return REFUSE(check, item, "too many %s; at most %u",
			    name, (unsigned)schema->sequence.max);
		if (!check_any(check, schema->sequence.entry, item, name))
			return false;
	}
	return true;
}

static bool
check_key(const struct check *check, const cyaml_schema_field_t *fields,
    yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
	yaml_node_t *key = yaml_document_get_node(check->document, pair->key);
	yaml_node_t *value =
	    yaml_document_get_node(check->document, pair->value);
	const char *text = scalar_text(key);
	if (text == NULL)
		return REFUSE(check, key, "a key must be a plain word");
	yaml_node_t *first = NULL;
	yaml_check_find(check->document, mapping, text, strlen(text), &first);
	if (first != key)
		return REFUSE(check, key, "'%.40s' is given twice", text);
	char known[320] = "";
	for (; fields->key != NULL; fields++) {
		if (strcmp(fields->key, text) == 0)
			return check_any(check, &fields->value, value, text);
		append(known, sizeof(known), fields->key);
	}
	return REFUSE(
	    check, key, "unknown key '%.40s'; known: %s", text, known);
}

static bool
check_mapping(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	const cyaml_schema_field_t *field = schema->mapping.fields;
	if (node->type != YAML_MAPPING_NODE)
		return REFUSE(
		    check, node, "%s must be made of 'key: value'", name);
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		if (!check_key(check, field, node, pair))
			return false;
	for (; field->key != NULL; field++)
		if ((field->value.flags & CYAML_FLAG_OPTIONAL) == 0 &&
		    yaml_check_find(check->document, node, field->key,
			strlen(field->key), NULL) == NULL)
			return REFUSE(check, node, "%s is missing", field->key);
	return true;
}

static bool
check_any(const struct check *check, const cyaml_schema_value_t *schema,
    yaml_node_t *node, const char *name)
{
	/* What our schemas use; libcyaml checks a type that is not here. */
	static check_value *const checks[CYAML__TYPE_COUNT] = {
		[CYAML_UINT] = check_unsigned,
		[CYAML_FLOAT] = check_float,
		[CYAML_STRING] = check_string,
		[CYAML_ENUM] = check_enum,
		[CYAML_SEQUENCE] = check_list,
		[CYAML_MAPPING] = check_mapping,
	};
	check_value *found = checks[schema->type];
	return found == NULL || found(check, schema, node, name);
}

bool
yaml_check_document(yaml_document_t *document,
    const cyaml_schema_value_t *schema, struct yaml_problem *problem)
{
	const struct check check = { document, problem };
	return check_any(
	    &check, schema, yaml_document_get_root_node(document), "the file");
}
