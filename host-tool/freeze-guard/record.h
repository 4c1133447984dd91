/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of frozen domains, as files: <runtime directory>/frozen/<uuid>. A record exists from
 * before the suspend call until nothing is outstanding. A domain has at most one, so only one
 * freeze can use it at a time.
 *
 * The owner of a record holds a lock on its file. The lock ends with the process, even if its pid
 * is reused: a record without a lock was left behind. A guard that takes over replaces the owner's
 * file by its own.
 *
 * The file is text: 'C' (claimed: no suspend call was made), 'S' (one may have been made) or 'F'
 * (it succeeded); the version of this format; the boot id of this machine; libvirt's id of the
 * domain; the token, hexadecimal; the URI of the libvirt connection.
 */
#ifndef OOPSBT_FREEZE_GUARD_RECORD_H
#define OOPSBT_FREEZE_GUARD_RECORD_H

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

#include "freeze-guard/state.h"

struct freeze_record {
	char uuid[VIR_UUID_STRING_BUFLEN];
	int domain_id;		 /* libvirt's */
	uint64_t token;		 /* identifies this freeze; never reused */
	char *uri;		 /* NULL: libvirt's default */
	enum freeze_state state; /* NEW, SUSPENDING or FROZEN */
	char *path;
	int fd; /* holds the lock; -1: not owned */
};

void freeze_record_free(struct freeze_record *record); /* keeps the file, releases the lock */
typedef struct freeze_record FreezeRecord;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FreezeRecord, freeze_record_free)

/*
 * Claims the domain for one freeze, with a new token. G_FILE_ERROR_EXIST: it has a record already.
 */
struct freeze_record *freeze_record_new(const char *runtime_directory, const char *uuid,
					int domain_id, const char *uri, GError **error);

/* Sets SUSPENDING before the suspend call, FROZEN after it succeeded. */
bool freeze_record_set(struct freeze_record *record, enum freeze_state state, GError **error);

/* True unless another process has taken the record over. */
bool freeze_record_is_ours(const struct freeze_record *record);

/* Removes the file if it is still owned. */
void freeze_record_remove(struct freeze_record *record);

/*
 * Takes the record of @token for the caller. From an owner that is @gone it is taken unless another
 * process has it; from a late owner always. NULL without an error: there is no such record any
 * more, or another process has it, so the caller has nothing to do.
 */
struct freeze_record *freeze_record_take(const char *runtime_directory, const char *uuid,
					 uint64_t token, bool gone, GError **error);

/*
 * Takes the records without an owner: array of struct freeze_record. Removes records that are only
 * claimed, are of another boot, or are invalid.
 */
GPtrArray *freeze_record_take_orphans(const char *runtime_directory);

/*
 * An inotify descriptor that becomes readable when an owner may have ended, since the kernel then
 * closes its files. -1 with an error.
 */
int freeze_record_watch(const char *runtime_directory, GError **error);

#endif
