/* SPDX-License-Identifier: MIT */
/* Makes the line that web.password_file holds. */
#ifndef GATEWAY_PASSWORD_H
#define GATEWAY_PASSWORD_H

struct options;

/* Asks for a password twice (once when stdin is no terminal) and prints its
 * argon2id hash. EX_DATAERR when it is too short or they differ. */
int password_main(const struct options *options);

#endif
