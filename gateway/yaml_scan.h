/* SPDX-License-Identifier: MIT */
/* What a YAML text must be before anyone looks at its content. */
#ifndef GATEWAY_YAML_SCAN_H
#define GATEWAY_YAML_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/yaml.h"

__attribute__((format(printf, 4, 5))) bool yaml_scan_fail(
    struct yaml_problem *problem, size_t line, size_t column,
    const char *format, ...);

/*
 * True for plain UTF-8 text without control characters or tab indentation
 * that is one YAML document, without aliases, anchors or tags, not nested
 * deeper than YAML_DEPTH_MAX.
 */
bool yaml_scan_text(
    const unsigned char *text, size_t length, struct yaml_problem *problem);

#endif
