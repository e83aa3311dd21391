/* SPDX-License-Identifier: MIT */
/* `gridshim listen`: who asks whom for what on a line. Never sends a byte. */
#ifndef PROXY_LISTEN_H
#define PROXY_LISTEN_H

/* argv[0] is "listen". EX_UNAVAILABLE: no meter could be named. */
int listen_main(int argc, char **argv);

#endif
