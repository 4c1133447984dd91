/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The id of a dump: "<UTC time>-<number>", e.g. 20261122T214501Z-1042. The time is for people. The
 * number gives the order: a store counts its dumps, so a clock that is set back changes nothing.
 *
 * Numbers below STORE_ID_FIRST_NUMBER are of the first stores, which counted within a second. Their
 * dumps are older than all others; among them the time comes first.
 */
#ifndef OOPSBT_COMMON_STORE_ID_H
#define OOPSBT_COMMON_STORE_ID_H

#include <glib.h>
#include <stdbool.h>

#define STORE_ID_FIRST_NUMBER 1000

bool store_id_is_valid(const char *name);
/* Of a valid id. */
guint64 store_id_number(const char *id);
/* As strcmp(): the older dump is the lesser one. Both are valid ids. */
int store_id_compare(const char *a, const char *b);
/* An id of now. g_free(). */
char *store_id_new(guint64 number);

/* When it was made, by the host's clock; NULL: that is no time. g_date_time_unref(). */
GDateTime *store_id_time(const char *id);

#endif
