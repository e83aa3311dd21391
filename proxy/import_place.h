/* SPDX-License-Identifier: MIT */
/* Where the rows of a table stand together: the map's function, its holes,
 * the blocks of a meter, the registers that tell the model. */
#ifndef PROXY_IMPORT_PLACE_H
#define PROXY_IMPORT_PLACE_H

#include "proxy/import_part.h"

/* The function most quantities are read with, or most rows; each row without
 * one gets it. */
void import_place_function(
    struct import_table *table, struct import_report *report);

/* Holes never hide a row. */
void import_place_holes(
    struct import_table *table, struct import_report *report);

/* A meter without blocks gets those its quantities need. */
void import_place_blocks(
    struct import_table *table, struct import_report *report);

/* Functions of the registers that tell the model; points of the watchdog that
 * are not there go. */
void import_place_signs(
    struct import_table *table, struct import_report *report);

#endif
