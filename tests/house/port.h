/* SPDX-License-Identifier: MIT */
/* The inverter's own port: a few input registers (function 4) in the manner of
 * a Solis hybrid, from 33000 on. */
#ifndef HOUSE_PORT_H
#define HOUSE_PORT_H

#include <stdint.h>

#include "tests/house/plant.h"

enum { PORT_BASE = 33000, PORT_REGISTERS = 300 };

/* registers[0] is PORT_BASE. */
void port_encode(uint16_t *registers, const struct plant *plant);

#endif
