/* SPDX-License-Identifier: MIT */
/*
 * gridshim read and gridshim write: points of a device by their names, over a
 * line of their own. Values go to stdout, complaints to stderr; an exit code of
 * sysexits.h comes back. Through a running gateway (-d): remote_points.
 */
#ifndef PROXY_TOOL_H
#define PROXY_TOOL_H

/* argv[0] is the command. */
int tool_read(int argc, char **argv);
int tool_write(int argc, char **argv);

#endif
