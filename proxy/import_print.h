/* SPDX-License-Identifier: MIT */
/* A settled table as a map file (gridshim-map(5)). */
#ifndef PROXY_IMPORT_PRINT_H
#define PROXY_IMPORT_PRINT_H

#include <stdio.h>

#include "proxy/import_part.h"

void import_print_map(const struct import_table *table, FILE *out);

#endif
