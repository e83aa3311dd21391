/* SPDX-License-Identifier: MIT */
/* The rules between the parts of a configuration. */
#ifndef GATEWAY_CONFIG_CHECK_H
#define GATEWAY_CONFIG_CHECK_H

#include <stdbool.h>

#include "gateway/config.h"
#include "gateway/yaml.h"

/*
 * True when names, lines, units and addresses fit together; also fills the
 * resolved indexes. Values must be in range already. False with the error
 * written to the file's buffer.
 */
bool config_check_all(struct config *config, struct yaml_file *file);

#endif
