/* SPDX-License-Identifier: MIT */
/* Between line.c and the two kinds of lines; nobody else's. */
#ifndef PROXY_LINE_KIND_H
#define PROXY_LINE_KIND_H

#include "proxy/line.h"

const struct line_kind *line_serial_kind(void);
const struct line_kind *line_tcp_kind(void);

/* Silence: gives out what only that ends. */
void line_serial_silence(struct line *line);

#endif
