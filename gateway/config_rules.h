/* SPDX-License-Identifier: MIT */
/* The rules for single values of a configuration: ranges and defaults. */
#ifndef GATEWAY_CONFIG_RULES_H
#define GATEWAY_CONFIG_RULES_H

#include <stdbool.h>

#include "gateway/config.h"
#include "gateway/yaml.h"

/* False, with the error written, for what is documented but not there yet.
 * Ask before the schema does, which would call it unknown. */
bool config_rules_supported(struct yaml_file *file);

/* Puts defaults where the file says nothing, and checks every number it gives.
 * All blocks must be there. False with the error written. */
bool config_rules_apply(struct config *config, struct yaml_file *file);

#endif
