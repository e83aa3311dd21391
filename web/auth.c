/* SPDX-License-Identifier: MIT */
#include "web/auth.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/log.h"

enum { HASH_SIZE = crypto_generichash_BYTES };

/* Only the token's hash is kept: who reads our memory cannot log in. */
struct session {
	bool used;
	int64_t last_us;
	unsigned char hash[HASH_SIZE];
};

struct auth {
	char *password_file; /* NULL: no login */
	pthread_mutex_t hashing; /* one password hash at a time */
	pthread_mutex_t mutex; /* guards all below */
	unsigned wrong; /* tries in a row */
	int64_t wait_until_us;
	struct session sessions[AUTH_SESSIONS_MAX];
};

struct auth *
auth_new(const char *password_file)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (auth == NULL || sodium_init() < 0) {
		free(auth);
		return NULL;
	}
	if (password_file != NULL) {
		auth->password_file = strdup(password_file);
		if (auth->password_file == NULL) {
			free(auth);
			return NULL;
		}
	}
	pthread_mutex_init(&auth->hashing, NULL);
	pthread_mutex_init(&auth->mutex, NULL);
	return auth;
}

void
auth_free(struct auth *auth)
{
	pthread_mutex_destroy(&auth->mutex);
	pthread_mutex_destroy(&auth->hashing);
	free(auth->password_file);
	free(auth);
}

bool
auth_needed(const struct auth *auth)
{
	return auth->password_file != NULL;
}

/* The hash of the token in the header's cookie of our name. */
static bool
cookie_hash(const char *cookies, unsigned char hash[static HASH_SIZE])
{
	static const char name[] = AUTH_COOKIE "=";
	unsigned char token[AUTH_TOKEN_SIZE];
	const char *end;
	size_t length;

	if (cookies == NULL)
		return false;
	while (strncmp(cookies, name, sizeof(name) - 1) != 0) {
		cookies = strchr(cookies, ';');
		if (cookies == NULL)
			return false;
		cookies += 1 + strspn(cookies + 1, " ");
	}
	cookies += sizeof(name) - 1;
	if (strcspn(cookies, "; ") != 2 * (size_t)AUTH_TOKEN_SIZE ||
	    sodium_hex2bin(token, sizeof(token), cookies,
		2 * (size_t)AUTH_TOKEN_SIZE, NULL, &length, &end) != 0 ||
	    length != sizeof(token))
		return false;
	crypto_generichash(hash, HASH_SIZE, token, sizeof(token), NULL, 0);
	return true;
}

/* With the mutex held. */
static struct session *
find(struct auth *auth, const unsigned char hash[static HASH_SIZE])
{
	for (unsigned i = 0; i < AUTH_SESSIONS_MAX; i++) {
		struct session *session = &auth->sessions[i];

		if (session->used &&
		    sodium_memcmp(session->hash, hash, HASH_SIZE) == 0)
			return session;
	}
	return NULL;
}

bool
auth_check(struct auth *auth, const char *cookies, int64_t now_us)
{
	unsigned char hash[HASH_SIZE];
	struct session *session;
	bool good = false;

	if (!auth_needed(auth))
		return true;
	if (!cookie_hash(cookies, hash))
		return false;
	pthread_mutex_lock(&auth->mutex);
	session = find(auth, hash);
	if (session != NULL) {
		good =
		    now_us - session->last_us <= (int64_t)AUTH_IDLE_S * 1000000;
		session->used = good;
		session->last_us = now_us;
	}
	pthread_mutex_unlock(&auth->mutex);
	return good;
}

void
auth_logout(struct auth *auth, const char *cookies)
{
	unsigned char hash[HASH_SIZE];
	struct session *session;

	if (!cookie_hash(cookies, hash))
		return;
	pthread_mutex_lock(&auth->mutex);
	session = find(auth, hash);
	if (session != NULL)
		session->used = false;
	pthread_mutex_unlock(&auth->mutex);
}

static bool
read_hash(const char *file, char line[static crypto_pwhash_STRBYTES + 1])
{
	FILE *in = fopen(file, "re");
	bool got = false;

	if (in != NULL) {
		got = fgets(line, crypto_pwhash_STRBYTES + 1, in) != NULL;
		fclose(in);
	}
	if (!got) {
		log_warn("password file %s cannot be read", file);
		return false;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return true;
}

static enum auth_verdict
verify(const struct auth *auth, const char *password)
{
	char line[crypto_pwhash_STRBYTES + 1];

	if (!read_hash(auth->password_file, line))
		return AUTH_BROKEN;
	return crypto_pwhash_str_verify(line, password, strlen(password)) == 0
	           ? AUTH_DONE
	           : AUTH_WRONG;
}

static unsigned
seconds_left(int64_t until_us, int64_t now_us)
{
	return (unsigned)((until_us - now_us + 999999) / 1000000);
}

/* 1, 2, 4 ... 60 s. For everybody: a guesser may have many addresses. */
static unsigned
count_wrong(struct auth *auth, int64_t now_us)
{
	unsigned wait_s = AUTH_WAIT_MAX_S;

	pthread_mutex_lock(&auth->mutex);
	if (auth->wrong < 6)
		wait_s = 1U << auth->wrong;
	if (wait_s > AUTH_WAIT_MAX_S)
		wait_s = AUTH_WAIT_MAX_S;
	auth->wrong++;
	auth->wait_until_us = now_us + (int64_t)wait_s * 1000000;
	pthread_mutex_unlock(&auth->mutex);
	log_warnx("wrong password, next try in %u s", wait_s);
	return wait_s;
}

/* The one unused longest makes room when there is none. */
static void
open_session(struct auth *auth, int64_t now_us,
    char text[static 2 * AUTH_TOKEN_SIZE + 1])
{
	unsigned char token[AUTH_TOKEN_SIZE];
	struct session *place;

	randombytes_buf(token, sizeof(token));
	sodium_bin2hex(
	    text, 2 * (size_t)AUTH_TOKEN_SIZE + 1, token, sizeof(token));
	pthread_mutex_lock(&auth->mutex);
	place = &auth->sessions[0];
	for (unsigned i = 1; i < AUTH_SESSIONS_MAX && place->used; i++) {
		struct session *other = &auth->sessions[i];

		if (!other->used || other->last_us < place->last_us)
			place = other;
	}
	place->used = true;
	place->last_us = now_us;
	crypto_generichash(
	    place->hash, HASH_SIZE, token, sizeof(token), NULL, 0);
	auth->wrong = 0;
	pthread_mutex_unlock(&auth->mutex);
}

enum auth_verdict
auth_login(struct auth *auth, const char *password, int64_t now_us,
    char token[static 2 * AUTH_TOKEN_SIZE + 1], unsigned *wait_s)
{
	enum auth_verdict verdict;
	int64_t until_us;

	*wait_s = 1;
	if (!auth_needed(auth))
		return AUTH_BROKEN;
	if (pthread_mutex_trylock(&auth->hashing) != 0)
		return AUTH_WAIT;
	pthread_mutex_lock(&auth->mutex);
	until_us = auth->wait_until_us;
	pthread_mutex_unlock(&auth->mutex);
	verdict = AUTH_WAIT;
	if (now_us >= until_us)
		verdict = verify(auth, password);
	else
		*wait_s = seconds_left(until_us, now_us);
	if (verdict == AUTH_WRONG)
		*wait_s = count_wrong(auth, now_us);
	if (verdict == AUTH_DONE)
		open_session(auth, now_us, token);
	pthread_mutex_unlock(&auth->hashing);
	return verdict;
}
