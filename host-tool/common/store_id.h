/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The id of a dump: "<UTC time>-<number>", e.g. 20261122T214501Z-1042. The time is for people. The
 * number gives the order: a store counts its dumps, so a clock that is set back changes nothing.
 *
 * Numbers below STORE_ID_FIRST_NUMBER are from the first stores, which counted within one second.
 * Such dumps are older than all others, and are sorted by time first.
 */
#ifndef OOPSBT_COMMON_STORE_ID_H
#define OOPSBT_COMMON_STORE_ID_H

#include <glib.h>
#include <stdbool.h>

#define STORE_ID_FIRST_NUMBER 1000

/* A dump that is being built or removed has its id with one of these prefixes. */
#define STORE_ID_BUILDING ".new-"
#define STORE_ID_REMOVING ".rm-"

bool store_id_is_valid(const char *name);
/* The id in the name of a dump that is being built or removed; NULL: another name. */
const char *store_id_hidden(const char *name);
/* The number in a valid id. */
guint64 store_id_number(const char *id);
/* As strcmp(): the older dump is less. Both ids must be valid. */
int store_id_compare(const char *a, const char *b);
/* An id with the current time. g_free(). */
char *store_id_new(guint64 number);

/* Its time by the host's clock; NULL: not a valid time. g_date_time_unref(). */
GDateTime *store_id_time(const char *id);
/* The time of an id that would be @days old by the host's clock. g_free(). */
char *store_id_of_days_ago(unsigned int days);
bool store_id_is_earlier(const char *id, const char *time);

#endif
