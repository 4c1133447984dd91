/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "freeze-guard/record.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/qmp.h"

#define FOLDER "frozen"

static char *record_path(const char *runtime_directory, const char *uuid)
{
	return g_build_filename(runtime_directory, FOLDER, uuid, NULL);
}

bool freeze_record_write(const char *runtime_directory, const struct freeze_record *record,
			 GError **error)
{
	g_autofree char *folder = g_build_filename(runtime_directory, FOLDER, NULL);
	g_autofree char *path = record_path(runtime_directory, record->uuid);
	g_autofree char *text = g_strdup_printf("%d %d\n", record->domain_id, record->writer);

	if (g_mkdir_with_parents(folder, 0700) < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "creating %s: %s",
			    folder, g_strerror(errno));
		return false;
	}
	return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
					error);
}

void freeze_record_remove(const char *runtime_directory, const char *uuid)
{
	g_autofree char *path = record_path(runtime_directory, uuid);

	unlink(path);
}

static bool read_record(const char *runtime_directory, const char *name,
			struct freeze_record *record)
{
	g_autofree char *path = record_path(runtime_directory, name);
	g_autofree char *text = NULL;

	if (!g_uuid_string_is_valid(name) || !g_file_get_contents(path, &text, NULL, NULL) ||
	    sscanf(text, "%d %d", &record->domain_id, &record->writer) != 2 || record->writer <= 0)
		return false;
	g_strlcpy(record->uuid, name, sizeof(record->uuid));
	return true;
}

GArray *freeze_record_orphans(const char *runtime_directory)
{
	GArray *records = g_array_new(FALSE, FALSE, sizeof(struct freeze_record));
	g_autofree char *folder = g_build_filename(runtime_directory, FOLDER, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		struct freeze_record record;

		if (!read_record(runtime_directory, name, &record))
			freeze_record_remove(runtime_directory, name);
		else if (kill(record.writer, 0) < 0 && errno == ESRCH)
			g_array_append_val(records, record);
	}
	return records;
}

enum thaw_result freeze_record_thaw(virConnectPtr connection, const struct freeze_record *record,
				    GError **error)
{
	g_autoptr(virDomain) domain = virDomainLookupByUUIDString(connection, record->uuid);
	int state, reason;
	bool paused;

	if (domain == NULL) {
		if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
			return THAW_NOTHING;
		virt_fail(error, "looking up domain %s", record->uuid);
		return THAW_FAILED;
	}
	if (virDomainGetState(domain, &state, &reason, 0) < 0) {
		virt_fail(error, "asking for the state of domain %s", virDomainGetName(domain));
		return THAW_FAILED;
	}
	if ((int)virDomainGetID(domain) != record->domain_id)
		return THAW_NOTHING;
	if (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED)
		return THAW_RUNS;
	if (state != VIR_DOMAIN_PAUSED || reason != VIR_DOMAIN_PAUSED_USER)
		return THAW_NOTHING;
	/* If QEMU does not tell: better a guest that runs than one that stays frozen. */
	if (qmp_is_paused(domain, &paused, NULL) && !paused)
		return THAW_NOTHING;
	if (virDomainResume(domain) < 0) {
		virt_fail(error, "resuming domain %s", virDomainGetName(domain));
		return THAW_FAILED;
	}
	return THAW_DONE;
}
