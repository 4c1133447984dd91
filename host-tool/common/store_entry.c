/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/store_entry.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/incident.h"
#include "common/json_head.h"
#include "common/store_directory.h"
#include "common/store_id.h"
#include "common/store_repeats.h"

/* The range of a fingerprint's length, in hexadecimal digits, over all releases. */
#define FINGERPRINT_MIN 8
#define FINGERPRINT_MAX 64

void store_entry_free(struct store_entry *entry)
{
	if (!entry || g_atomic_int_add(&entry->more_owners, -1) > 0)
		return;
	g_free(entry->domain);
	g_free(entry->uuid);
	g_free(entry->id);
	g_free(entry->path);
	g_free(entry->title);
	g_free(entry->signalled);
	g_free(entry->signal);
	g_free(entry->fingerprint);
	g_free(entry->release);
	g_free(entry->repeated);
	g_free(entry->host);
	g_free(entry->machine);
	g_free(entry->kernel);
	g_free(entry);
}

/* The requested members of report.json. */
enum head {
	HEAD_TITLE,
	HEAD_DOMAIN_NAME,
	HEAD_DOMAIN_UUID,
	HEAD_SIGNAL,
	HEAD_INCIDENT,
	HEAD_FINGERPRINT,
	HEAD_SIGNALLED,
	HEAD_RELEASE,
	HEAD_BUILD_ID,
	HEAD_KASLR_OFFSET,
	HEAD_DIE_COUNTER,
	HEAD_UPTIME,
	NUM_HEADS,
};

static gint64 number_or_none(const char *text)
{
	gint64 number;

	return text && g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &number, NULL) ? number
											: -1;
}

const char *store_entry_incident(const char *incident, const char *signal)
{
	enum incident known;

	if (incident ? incident_from_name(incident, &known) : incident_from_signal(signal, &known))
		return incident_name(known);
	return NULL;
}

char *store_entry_fingerprint(const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length < FINGERPRINT_MIN || length > FINGERPRINT_MAX ||
	    strspn(text, "0123456789abcdef") != length)
		return NULL;
	return g_strdup(text);
}

static void take_head(struct store_entry *entry, char **values)
{
	entry->title = g_steal_pointer(&values[HEAD_TITLE]);
	entry->domain = g_steal_pointer(&values[HEAD_DOMAIN_NAME]);
	if (values[HEAD_DOMAIN_UUID] && g_uuid_string_is_valid(values[HEAD_DOMAIN_UUID]))
		entry->uuid = g_steal_pointer(&values[HEAD_DOMAIN_UUID]);
	entry->signal = g_steal_pointer(&values[HEAD_SIGNAL]);
	entry->incident = store_entry_incident(values[HEAD_INCIDENT], entry->signal);
	entry->fingerprint = store_entry_fingerprint(values[HEAD_FINGERPRINT]);
	entry->release = g_steal_pointer(&values[HEAD_RELEASE]);
	entry->signalled = g_steal_pointer(&values[HEAD_SIGNALLED]);
	if (values[HEAD_BUILD_ID] || values[HEAD_KASLR_OFFSET])
		entry->kernel = g_strdup_printf(
			"%s+%s", values[HEAD_BUILD_ID] ? values[HEAD_BUILD_ID] : "?",
			values[HEAD_KASLR_OFFSET] ? values[HEAD_KASLR_OFFSET] : "?");
	entry->die_counter = number_or_none(values[HEAD_DIE_COUNTER]);
	entry->uptime_s = number_or_none(values[HEAD_UPTIME]);
	for (size_t i = 0; i < NUM_HEADS; i++)
		g_free(values[i]);
}

static void read_head(int dump, struct store_entry *entry)
{
	static const char *const paths[NUM_HEADS + 1] = {
		[HEAD_TITLE] = "title",
		[HEAD_DOMAIN_NAME] = "domain.name",
		[HEAD_DOMAIN_UUID] = "domain.uuid",
		[HEAD_SIGNAL] = "signal",
		[HEAD_INCIDENT] = "incident",
		[HEAD_FINGERPRINT] = "fingerprint",
		[HEAD_SIGNALLED] = "timeline.signalled",
		[HEAD_RELEASE] = "guest.release",
		[HEAD_BUILD_ID] = "guest.build_id",
		[HEAD_KASLR_OFFSET] = "guest.kaslr_offset",
		[HEAD_DIE_COUNTER] = "guest.die_counter",
		[HEAD_UPTIME] = "guest.uptime_s",
	};
	char *values[NUM_HEADS];
	g_auto(Descriptor) fd = openat(dump, "report.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;
	void *text;

	entry->die_counter = entry->uptime_s = -1;
	if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
		return;
	text = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return;
	if (json_head_strings(text, info.st_size, paths, values))
		take_head(entry, values);
	munmap(text, info.st_size);
}

static void look_in(struct store_entry *entry, int dump)
{
	entry->vmcore = faccessat(dump, "vmcore", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	store_repeats_head(dump, &entry->repeats, &entry->repeated);
}

struct store_entry *store_entry_read(const char *root, int domain, const char *directory,
				     const char *id)
{
	g_auto(Descriptor) dump = store_directory_open(domain, id);
	struct store_entry *entry;

	if (dump < 0)
		return NULL;
	entry = g_new0(struct store_entry, 1);
	entry->id = g_strdup(id);
	entry->number = store_id_number(id);
	entry->path = g_build_filename(root, directory, id, NULL);
	look_in(entry, dump);
	read_head(dump, entry);
	/* The directory decides the domain: the report comes from a guest's analyser. */
	if (g_uuid_string_is_valid(directory)) {
		g_free(entry->uuid);
		entry->uuid = g_strdup(directory);
	}
	return entry;
}

struct store_entry *store_entry_ref(const struct store_entry *entry)
{
	struct store_entry *owned = (struct store_entry *)entry;

	g_atomic_int_inc(&owned->more_owners);
	return owned;
}

uint64_t store_entry_size(struct store_entry *entry)
{
	g_auto(Descriptor) dump = -1;
	gsize counted = __atomic_load_n(&entry->counted, __ATOMIC_RELAXED);

	if (counted == 0) {
		dump = store_directory_open(AT_FDCWD, entry->path);
		counted = 1 + (dump < 0 ? 0 : store_directory_size(dump));
		__atomic_store_n(&entry->counted, counted, __ATOMIC_RELAXED);
	}
	return counted - 1;
}

void store_entry_touch(const struct store_entry *entry)
{
	g_autofree char *domain = g_path_get_dirname(entry->path);

	utimensat(AT_FDCWD, domain, NULL, 0);
}

bool store_entry_is_of(const struct store_entry *entry, const char *domain)
{
	return strcmp(entry->domain, domain) == 0 ||
	       (entry->uuid && g_ascii_strcasecmp(entry->uuid, domain) == 0);
}
