/* SPDX-License-Identifier: MIT */
/*
 * Messages become rows, in one open transaction at a time. The first row opens
 * it; the caller says when to commit. After any status but DB_OK the rows of
 * the open transaction are gone: count writer_pending, close the writer and
 * the database, and open both again.
 */
#ifndef STORAGE_WRITER_H
#define STORAGE_WRITER_H

#include <stdint.h>

#include "gateway/message.h"
#include "storage/db.h"

struct config;
struct writer;

/* Prepares every statement and enters the names of the configuration. Borrows
 * both until writer_close. NULL: db->error tells, *status what kind. */
struct writer *writer_open(
    struct db *db, const struct config *config, enum db_status *status);
/* Rows not committed are dropped. NULL is fine. */
void writer_close(struct writer *writer);

/* The message must have passed message_check. Types that are not for the
 * record, and subjects the configuration does not have, leave no row. */
enum db_status writer_add(struct writer *writer, const struct message *message);

/* An event of the storage process itself, at this moment. level: enum
 * log_level. */
enum db_status writer_event(struct writer *writer, int level,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* An event for a hole in the record, with its times and what made it. */
enum db_status writer_gap(struct writer *writer, const char *subject,
    const struct message_gap *gap, const char *reason);

enum db_status writer_commit(struct writer *writer);

/* Rows in the open transaction. */
uint32_t writer_pending(const struct writer *writer);

#endif
