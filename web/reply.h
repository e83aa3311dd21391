/* SPDX-License-Identifier: MIT */
/* One HTTP reply as plain data, and the ways to fill it in. */
#ifndef WEB_REPLY_H
#define WEB_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct reply {
	unsigned status;
	const char *type; /* static */
	const char *body;
	size_t length;
	char *owned; /* what the body lies in, freed with it; NULL: static */
	bool stream; /* no body: the live stream follows */
	bool gzip; /* the body is packed */
	bool keep; /* a browser may keep it and ask again by etag */
	char allow[40]; /* for 405; "": none */
	char etag[40]; /* "": none */
	char set_cookie[160]; /* "": none */
	unsigned retry_after_s; /* 0: none */
};

/* Takes json over; NULL makes it a 500. */
void reply_json(struct reply *reply, unsigned status, json_t *json);
/* text is malloc'ed and taken over; NULL makes it a 500. */
void reply_text_take(struct reply *reply, const char *type, char *text);
void reply_empty(struct reply *reply);

/* What can be wrong, as RFC 9457 problem documents; reply.c has the table. */
enum problem {
	PROBLEM_BAD_REQUEST,
	PROBLEM_BAD_JSON,
	PROBLEM_LOGIN,
	PROBLEM_WRONG_PASSWORD,
	PROBLEM_FOREIGN_ORIGIN,
	PROBLEM_NO_GUARD,
	PROBLEM_NOT_FOUND,
	PROBLEM_NO_SUCH_METER,
	PROBLEM_METHOD,
	PROBLEM_TOO_LARGE,
	PROBLEM_MEDIA_TYPE,
	PROBLEM_WRONG_HOST,
	PROBLEM_VALIDATION,
	PROBLEM_TOO_MANY_TRIES,
	PROBLEM_INTERNAL,
	PROBLEM_BUSY,
	PROBLEM_TOO_MANY_STREAMS,
	PROBLEM_NO_HISTORY,
	PROBLEM_NO_ANSWER,
	PROBLEM_COUNT
};

/* detail: one sentence for people. */
void reply_problem(
    struct reply *reply, enum problem problem, const char *detail);
/* The same with "errors"; takes it over. */
void reply_problem_take(struct reply *reply, enum problem problem,
    const char *detail, json_t *errors);

void reply_free(struct reply *reply);

#endif
