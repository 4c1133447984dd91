/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is frozen, as files: <runtime directory>/frozen/<uuid>, there from before the suspend call
 * until nothing is outstanding. A domain has at most one, so it is frozen by one at a time.
 *
 * The owner of a record holds a lock on its file. The lock goes with the process, whatever its
 * number is and whoever has that number later: a record without a lock was left behind. A guard
 * that takes over puts a file of its own in the place of the owner's.
 *
 * The file is text: 'C' (claimed: there was no suspend call), 'S' (there may have been one) or 'F'
 * (it succeeded); the version of this format; the id of the boot of this machine; libvirt's id of
 * the domain; the token, hexadecimal; the URI of the libvirt connection.
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
	uint64_t token;		 /* of this freeze, never used again */
	char *uri;		 /* NULL: libvirt's default */
	enum freeze_state state; /* NEW, SUSPENDING or FROZEN */
	char *path;
	int fd; /* with the lock; -1: not ours */
};

void freeze_record_free(struct freeze_record *record); /* the file stays; the lock goes */
typedef struct freeze_record FreezeRecord;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FreezeRecord, freeze_record_free)

/* Claims the domain for one freeze, with a new token. G_FILE_ERROR_EXIST: it has one already. */
struct freeze_record *freeze_record_new(const char *runtime_directory, const char *uuid,
					int domain_id, const char *uri, GError **error);

/* To SUSPENDING before the suspend call is made, to FROZEN when it succeeded. */
bool freeze_record_set(struct freeze_record *record, enum freeze_state state, GError **error);

/* Whether nobody has taken it over. */
bool freeze_record_is_ours(const struct freeze_record *record);

/* If it is still ours. */
void freeze_record_remove(struct freeze_record *record);

/*
 * The record of @token becomes the caller's. From an owner that is @gone, nobody else may have
 * taken it; from one that is late it is taken in any case. NULL without an error: there is no such
 * record any more, or somebody else has it, so the caller has nothing to do.
 */
struct freeze_record *freeze_record_take(const char *runtime_directory, const char *uuid,
					 uint64_t token, bool gone, GError **error);

/*
 * Those that were left behind, now the caller's: array of struct freeze_record. What is only
 * claimed, of another boot, or no record, is removed.
 */
GPtrArray *freeze_record_take_orphans(const char *runtime_directory);

/*
 * An inotify descriptor that becomes readable when an owner may have ended: the kernel closes its
 * files. -1 with an error.
 */
int freeze_record_watch(const char *runtime_directory, GError **error);

#endif
