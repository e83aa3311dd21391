/* SPDX-License-Identifier: MIT */
/* `gridshim scan`: finds devices on serial lines. Exit codes of sysexits. */
#ifndef PROXY_SCAN_H
#define PROXY_SCAN_H

/* argv[0] is "scan". EX_UNAVAILABLE: nothing was found that could be
 * configured. */
int scan_main(int argc, char **argv);

#endif
