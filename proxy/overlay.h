/* SPDX-License-Identifier: MIT */
/*
 * What a meter would show if the active power were true + offset. Some
 * inverters check that V x I x PF is near P, so everything that hangs on the
 * active power moves with it:
 *
 *   P' = P + offset
 *   S' = sqrt(P'^2 + N^2)          N^2 = S^2 - P^2: the part that is not active
 *                                  power (reactive and distortion) stays
 *   I' = I + (S' - S) / V          so V x I stays S where it was
 *   PF' = P' / S'                  with the meter's own sign convention
 *
 * S' is never below |P'|, not where rounding had S below |P| either. The sign
 * of PF flips where the power changes direction: right for meters that give
 * the direction and for those that give the kind of load, wrong for one whose
 * PF is always positive, and nothing in a sample tells them apart.
 *
 * A three-phase shown meter's total S and I go with its phases, so that they
 * stay their sums where they were; a single-phase one's follow the law above,
 * so that V x I stays S.
 *
 * At offset 0 every known value comes out as it went in, to the bit.
 * Voltage, reactive power, frequency and counters are never moved.
 *
 * What the source lacks is had first, by the rules of proxy/complete.h; they
 * also say on which phases the offset lies.
 */
#ifndef PROXY_OVERLAY_H
#define PROXY_OVERLAY_H

#include "policy/quantity.h"
#include "proxy/complete.h"

/* shown->known holds everything that the rules give. Without an active power
 * that may be shown so (complete_can) shown->known is 0. */
void overlay_apply(const struct quantities *source, double offset_w,
    const struct complete_shape *shape, struct quantities *shown);

#endif
