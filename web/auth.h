/* SPDX-License-Identifier: MIT */
/*
 * One password and the sessions it opens. Without a password file everybody
 * who reaches us is let in: the configuration allows that on loopback only.
 * Safe to call from several threads.
 */
#ifndef WEB_AUTH_H
#define WEB_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	AUTH_SESSIONS_MAX = 32,
	AUTH_TOKEN_SIZE = 16, /* bytes; twice that in hexadecimal digits */
	AUTH_IDLE_S = 7 * 24 * 3600,
	AUTH_WAIT_MAX_S = 60, /* the longest pause after wrong tries */
};

#define AUTH_COOKIE "gridshim_session"

struct auth;

/* password_file: its first line is a string of crypto_pwhash_str; it is read
 * at every login. NULL: no login. Returns NULL without memory. */
struct auth *auth_new(const char *password_file);
void auth_free(struct auth *auth);

bool auth_needed(const struct auth *auth);

/* cookies: the Cookie header or NULL. True: no login needed, or a session that
 * was used within AUTH_IDLE_S; counts as use. */
bool auth_check(struct auth *auth, const char *cookies, int64_t now_us);

enum auth_verdict {
	AUTH_DONE,
	AUTH_WRONG,
	AUTH_WAIT, /* too soon after a wrong try, or one is under way */
	AUTH_BROKEN /* the password file cannot be read, or no memory */
};

/* On AUTH_DONE, token gets the session's; on AUTH_WAIT or AUTH_WRONG, *wait_s
 * how long to wait before the next try. */
enum auth_verdict auth_login(struct auth *auth, const char *password,
    int64_t now_us, char token[static 2 * AUTH_TOKEN_SIZE + 1],
    unsigned *wait_s);

/* Ends the session in the cookie, if there is one. */
void auth_logout(struct auth *auth, const char *cookies);

#endif
