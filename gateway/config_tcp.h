/* SPDX-License-Identifier: MIT */
/* The rules of the block modbus_tcp. */
#ifndef GATEWAY_CONFIG_TCP_H
#define GATEWAY_CONFIG_TCP_H

#include <stdbool.h>

#include "gateway/config.h"
#include "gateway/yaml.h"

/* True when there is no such block, or all in it fits; resolves units and
 * networks. The other blocks must be good. False with the error written. */
bool config_tcp_check(struct config *config, struct yaml_file *file);

#endif
