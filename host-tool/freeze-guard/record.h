/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is frozen, as files: <runtime directory>/frozen/<uuid>, written before a freeze and removed
 * after the thaw. What is there although its writer is gone was left frozen.
 */
#ifndef OOPSBT_FREEZE_GUARD_RECORD_H
#define OOPSBT_FREEZE_GUARD_RECORD_H

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <sys/types.h>

struct freeze_record {
	char uuid[VIR_UUID_STRING_BUFLEN];
	int domain_id; /* libvirt's */
	pid_t writer;
};

bool freeze_record_write(const char *runtime_directory, const struct freeze_record *record,
			 GError **error);
/* One that is not there is fine. */
void freeze_record_remove(const char *runtime_directory, const char *uuid);
/* Array of struct freeze_record whose writers are gone; g_array_unref(). Garbage is removed. */
GArray *freeze_record_orphans(const char *runtime_directory);

enum thaw_result {
	THAW_DONE,    /* was paused by a suspend call, and runs now */
	THAW_RUNS,    /* was not paused (yet) */
	THAW_NOTHING, /* gone, another instance, or paused for another reason */
	THAW_FAILED,  /* ask again later */
};

/* Resumes the domain of @record if it is still the same instance and paused by a suspend call. */
enum thaw_result freeze_record_thaw(virConnectPtr connection, const struct freeze_record *record,
				    GError **error);

#endif
