/* SPDX-License-Identifier: MIT */
/* Holds a YAML document against a libcyaml schema, in plain words. */
#ifndef GATEWAY_YAML_CHECK_H
#define GATEWAY_YAML_CHECK_H

#include <stdbool.h>

#include <yaml.h>

#include "gateway/yaml.h"

/*
 * True when libcyaml will take the document as a person would read it: known
 * keys, none twice or missing, numbers written whole, texts and lists of
 * allowed length. The first fault is in *problem.
 */
bool yaml_check_document(yaml_document_t *document,
    const cyaml_schema_value_t *schema, struct yaml_problem *problem);

/* The value of a key of a mapping, and the key's own node if wanted; NULL when
 * there is none or node is no mapping. */
yaml_node_t *yaml_check_find(yaml_document_t *document, yaml_node_t *node,
    const char *name, size_t length, yaml_node_t **key);

#endif
