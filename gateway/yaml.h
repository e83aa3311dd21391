/* SPDX-License-Identifier: MIT */
/*
 * YAML files read into C structs by libcyaml schema tables, with an exact
 * place and plain words for whatever is wrong.
 *
 * libcyaml takes "3000x" for 3000 and reports some faults at a neighbour, so
 * the document is first held against the schema here (yaml_check.h); libcyaml
 * then only fills the structs.
 *
 * A value is named by a block and a key: ("devices[1]", "line"). The block is
 * a path from the root ("" is the root itself).
 */
#ifndef GATEWAY_YAML_H
#define GATEWAY_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include <cyaml/cyaml.h>

enum {
	YAML_FILE_MAX = 1 << 20, /* bytes; larger ones are not even parsed */
	YAML_DEPTH_MAX = 8,
	YAML_REASON_SIZE = 320,
};

/* What is wrong, and where; line and column count from 1. */
struct yaml_problem {
	size_t line;
	size_t column; /* in characters */
	char reason[YAML_REASON_SIZE];
};

struct yaml_file;

/*
 * Reads a file and its syntax. On failure NULL, with "FILE:LINE:COLUMN:
 * reason" in error (also for a file that cannot be read: 1:1). error is kept
 * and written by the functions below as long as the file is open.
 */
struct yaml_file *yaml_file_open(
    const char *name, char *error, unsigned error_size);
void yaml_file_close(struct yaml_file *file);

/* A new struct filled by the schema, never NULL for an empty file; NULL on
 * failure, with the error written. The caller owns it. */
void *yaml_file_load(
    struct yaml_file *file, const cyaml_schema_value_t *schema);
/* NULL is fine. */
void yaml_file_release(const cyaml_schema_value_t *schema, void *data);

/* Is the key there? Key NULL asks for the block. */
bool yaml_file_has(struct yaml_file *file, const char *block, const char *key);
/* The text of a scalar, or NULL. Borrowed. */
const char *yaml_file_text(
    struct yaml_file *file, const char *block, const char *key);

/*
 * Writes an error at a value; at the block when the key is missing, at the
 * nearest block around when that is missing too. Always false.
 */
bool yaml_file_refuse(struct yaml_file *file, const char *block,
    const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same, at the key instead of its value. */
bool yaml_file_refuse_key(struct yaml_file *file, const char *block,
    const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
