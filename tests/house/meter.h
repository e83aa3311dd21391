/* SPDX-License-Identifier: MIT */
/* The registers of the real meter: an Eastron SDM630, or a one-phase SDM120.
 * Input registers (function 4), floats of 32 bits, high word first. */
#ifndef HOUSE_METER_H
#define HOUSE_METER_H

#include <stdint.h>

#include "tests/house/plant.h"

enum { METER_REGISTERS = 384 };
enum meter_model { METER_SDM630, METER_SDM120 };

/* Consistent in itself: S^2 = P^2 + Q^2, I = S/V and PF = P/S in each phase;
 * totals are sums (of S too), and the total's PF is P/S of those. */
void meter_encode(
    uint16_t *registers, enum meter_model model, const struct plant *plant);

#endif
