/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is on a line. Pure.
 *
 * Who goes first:
 *   1. the grid meters' fast polls, when due
 *   2. errands of the inverter (pass-through)
 *   3. other devices' polls, and slow registers
 *   4. errands of TCP clients
 *
 * 3 and 4 go while a meter is not due before they are done; what has waited
 * for long goes anyhow, but never twice in a row before a meter that is due.
 * After a meter's round a waiting errand of the inverter has its turn, so that
 * a line which is full with polls still passes it.
 */
#ifndef PROXY_TURN_H
#define PROXY_TURN_H

#include "proxy/client.h"

/* Chooses what to ask now: client->errand, or the poll of client->block from
 * client->asked. False: nothing may go yet. */
bool turn_choose(struct client *client, struct mono now);

/* Nothing can go now: when may something? Later than now; zero: nobody
 * waits. */
struct mono turn_wake(const struct client *client, struct mono now);

#endif
