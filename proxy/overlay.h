/* SPDX-License-Identifier: MIT */
/*
 * What a meter would show if the active power were true + offset. Some
 * inverters check that V x I x PF is near P, so everything that hangs on the
 * active power moves with it:
 *
 *   P' = P + offset                a third of the offset on each phase
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
 * Three phases from one and back: a total that the source lacks is built from
 * its phases (P, Q, S, I: sum; V: mean of the known phases), and the phases
 * that it lacks get equal shares of what is left of the total (V: the same).
 * Then S from V and I, else from P and Q; PF from P and S; I from S and V.
 * Where the source has powers of phases, their S and I are had that way too,
 * and not by sharing.
 * A single-phase source (no phase values at all, not even a second voltage)
 * leaves L2 and L3 of a three-phase shown meter at an equal share too: the
 * inverter sums them.
 */
#ifndef PROXY_OVERLAY_H
#define PROXY_OVERLAY_H

#include "policy/quantity.h"

/* shown->known holds everything that could be had from the source. Needs at
 * least the active power (total or all phases), else shown->known is 0.
 * phases: of the shown meter, 1 or 3. */
void overlay_apply(const struct quantities *source, double offset_w,
    unsigned phases, struct quantities *shown);

#endif
