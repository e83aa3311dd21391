/* SPDX-License-Identifier: MIT */
#include "gateway/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "gateway/yaml_check.h"
#include "gateway/yaml_scan.h"

struct yaml_file {
	char *name;
	unsigned char *text;
	size_t length;
	bool parsed; /* document is there */
	yaml_document_t document;
	char *error; /* borrowed */
	unsigned error_size;
};

static void
write_error(char *error, unsigned size, const char *name,
    const struct yaml_problem *problem)
{
	if (size == 0)
		return;
	snprintf(error, size, "%s:%zu:%zu: %s", name, problem->line,
	    problem->column, problem->reason);
	/* One line, whatever stood in the file or its name. */
	for (char *c = error; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static bool
report(const struct yaml_file *file, const struct yaml_problem *problem)
{
	write_error(file->error, file->error_size, file->name, problem);
	return false;
}

/* --- reading ------------------------------------------------------------- */

/* At most one byte more than allowed; -1 with errno. */
static ssize_t
read_whole(int fd, unsigned char *text)
{
	size_t length = 0;
	while (length <= YAML_FILE_MAX) {
		ssize_t n = read(fd, text + length, YAML_FILE_MAX + 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

static bool
read_file(struct yaml_file *file, struct yaml_problem *problem)
{
	int fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read_whole(fd, file->text);
	int saved = errno;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return yaml_scan_fail(
		    problem, 1, 1, "cannot read: %s", strerror(saved));
	file->length = (size_t)n;
	return true;
}

static bool
parse_document(struct yaml_file *file, struct yaml_problem *problem)
{
	if (file->length > YAML_FILE_MAX)
		return yaml_scan_fail(
		    problem, 1, 1, "the file is larger than 1 MB");
	if (!yaml_scan_text(file->text, file->length, problem))
		return false;
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return yaml_scan_fail(problem, 1, 1, "out of memory");
	yaml_parser_set_input_string(&parser, file->text, file->length);
	file->parsed = yaml_parser_load(&parser, &file->document) != 0;
	if (!file->parsed)
		yaml_scan_fail(problem, parser.problem_mark.line + 1,
		    parser.problem_mark.column + 1, "%s",
		    parser.problem != NULL ? parser.problem : "not YAML");
	yaml_parser_delete(&parser);
	return file->parsed;
}

static struct yaml_file *
file_new(const char *name, char *error, unsigned error_size)
{
	struct yaml_file *file = calloc(1, sizeof(*file));
	if (file == NULL)
		return NULL;
	file->error = error;
	file->error_size = error_size;
	file->name = strdup(name);
	file->text = malloc(YAML_FILE_MAX + 1);
	if (file->name != NULL && file->text != NULL)
		return file;
	yaml_file_close(file);
	return NULL;
}

struct yaml_file *
yaml_file_open(const char *name, char *error, unsigned error_size)
{
	struct yaml_problem problem = { 1, 1, "out of memory" };
	struct yaml_file *file = file_new(name, error, error_size);
	if (file != NULL && read_file(file, &problem) &&
	    parse_document(file, &problem))
		return file;
	write_error(error, error_size, name, &problem);
	yaml_file_close(file);
	return NULL;
}

void
yaml_file_close(struct yaml_file *file)
{
	if (file == NULL)
		return;
	if (file->parsed)
		yaml_document_delete(&file->document);
	free(file->text);
	free(file->name);
	free(file);
}

/* --- into structs -------------------------------------------------------- */

/* Keeps the first line libcyaml says; a place for it was looked for already. */
__attribute__((format(printf, 3, 0))) static void
keep_log(cyaml_log_t level, void *context, const char *format, va_list args)
{
	struct yaml_problem *problem = context;
	if (level != CYAML_LOG_ERROR || problem->reason[0] != '\0')
		return;
	vsnprintf(problem->reason, sizeof(problem->reason), format, args);
	problem->reason[strcspn(problem->reason, "\n")] = '\0';
}

void *
yaml_file_load(struct yaml_file *file, const cyaml_schema_value_t *schema)
{
	struct yaml_problem problem = { 1, 1, "" };
	if (!yaml_check_document(&file->document, schema, &problem)) {
		report(file, &problem);
		return NULL;
	}
	const cyaml_config_t settings = {
		.log_fn = keep_log,
		.log_ctx = &problem,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS,
	};
	cyaml_data_t *data = NULL;
	cyaml_err_t result = cyaml_load_data(
	    file->text, file->length, &settings, schema, &data, NULL);
	if (result == CYAML_OK && data != NULL)
		return data;
	if (problem.reason[0] == '\0')
		yaml_scan_fail(&problem, 1, 1, "%s",
		    result == CYAML_OK ? "the file is empty"
				       : cyaml_strerror(result));
	report(file, &problem);
	return NULL;
}

void
yaml_file_release(const cyaml_schema_value_t *schema, void *data)
{
	const cyaml_config_t settings = { .mem_fn = cyaml_mem };
	if (data != NULL)
		cyaml_free(&settings, schema, data, 0);
}

/* --- places -------------------------------------------------------------- */

static yaml_node_t *
list_item(yaml_document_t *document, yaml_node_t *list, unsigned long index)
{
	if (list == NULL || list->type != YAML_SEQUENCE_NODE)
		return NULL;
	yaml_node_item_t *start = list->data.sequence.items.start;
	if (index >= (size_t)(list->data.sequence.items.top - start))
		return NULL;
	return yaml_document_get_node(document, start[index]);
}

/* Follows a path like "devices[1].line"; *around is the last node on the way
 * that exists. */
static yaml_node_t *
follow(yaml_document_t *document, const char *path, yaml_node_t **around)
{
	yaml_node_t *node = yaml_document_get_root_node(document);
	*around = node;
	while (*path != '\0' && node != NULL) {
		if (*path == '[') {
			char *end;
			unsigned long index = strtoul(path + 1, &end, 10);
			node = list_item(document, node, index);
			path = *end == ']' ? end + 1 : end;
		} else {
			path += *path == '.';
			size_t length = strcspn(path, ".[");
			node =
			    yaml_check_find(document, node, path, length, NULL);
			path += length;
		}
		if (node != NULL)
			*around = node;
	}
	return node;
}

static yaml_node_t *
find_value(struct yaml_file *file, const char *block, const char *key,
    yaml_node_t **around, yaml_node_t **key_node)
{
	yaml_node_t *node = follow(&file->document, block, around);
	if (key == NULL || node == NULL)
		return node;
	return yaml_check_find(
	    &file->document, node, key, strlen(key), key_node);
}

bool
yaml_file_has(struct yaml_file *file, const char *block, const char *key)
{
	yaml_node_t *around;
	return find_value(file, block, key, &around, NULL) != NULL;
}

const char *
yaml_file_text(struct yaml_file *file, const char *block, const char *key)
{
	yaml_node_t *around;
	yaml_node_t *node = find_value(file, block, key, &around, NULL);
	if (node == NULL || node->type != YAML_SCALAR_NODE)
		return NULL;
	return (const char *)node->data.scalar.value;
}

__attribute__((format(printf, 3, 0))) static bool
refuse_at(const struct yaml_file *file, const yaml_node_t *node,
    const char *format, va_list args)
{
	struct yaml_problem problem = {
		.line = node->start_mark.line + 1,
		.column = node->start_mark.column + 1,
	};
	vsnprintf(problem.reason, sizeof(problem.reason), format, args);
	return report(file, &problem);
}

bool
yaml_file_refuse(struct yaml_file *file, const char *block, const char *key,
    const char *format, ...)
{
	yaml_node_t *around;
	yaml_node_t *node = find_value(file, block, key, &around, NULL);
	va_list args;
	va_start(args, format);
	refuse_at(file, node != NULL ? node : around, format, args);
	va_end(args);
	return false;
}

bool
yaml_file_refuse_key(struct yaml_file *file, const char *block, const char *key,
    const char *format, ...)
{
	yaml_node_t *around;
	yaml_node_t *key_node = NULL;
	find_value(file, block, key, &around, &key_node);
	va_list args;
	va_start(args, format);
	refuse_at(file, key_node != NULL ? key_node : around, format, args);
	va_end(args);
	return false;
}
