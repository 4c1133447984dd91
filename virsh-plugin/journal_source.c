/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal_source.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "cli.h"
#include "common/store_entry.h"
#include "common/store_id.h"
#include "daemon/log.h"
#include "output.h"

/* The maximum length of a field. oopsbtd writes less; other senders may write up to 768 MiB. */
#define MAX_FIELD 1024
#define MAX_ID 40
/* DIR/MACHINE/system.journal */
#define MAX_DEPTH 1
#define ROWS_A_BLOCK 4096
/* The number of unreadable files to name; others are counted. */
#define MAX_WARNINGS 5

/* The needed fields of an entry. */
enum field {
	FIELD_HOST,
	FIELD_MACHINE,
	FIELD_UID,
	FIELD_DOMAIN,
	FIELD_UUID,
	FIELD_KIND,
	FIELD_SIGNAL,
	FIELD_TITLE,
	FIELD_FINGERPRINT,
	FIELD_KERNEL,
	FIELD_DUMP,
	FIELD_REPEAT,
	NUM_FIELDS,
};

struct journal_source {
	char *directory;
	GStringChunk *texts;	      /* of all fields, each text once */
	GHashTable *known;	      /* a set of these texts */
	const char *last[NUM_FIELDS]; /* the last text of each field */
	gsize text_bytes;
	GPtrArray *blocks; /* of ROWS_A_BLOCK struct store_entry */
	GPtrArray *rows;   /* pointers into @blocks */
	guint files, files_failed;
	guint strangers; /* entries that are not from oopsbtd */
	bool full;
};

struct journal_source *journal_source_new(const char *directory)
{
	struct journal_source *source = g_new0(struct journal_source, 1);

	source->directory = g_strdup(directory);
	source->texts = g_string_chunk_new(1 << 16);
	source->known = g_hash_table_new(g_str_hash, g_str_equal);
	source->blocks = g_ptr_array_new_with_free_func(g_free);
	source->rows = g_ptr_array_new();
	return source;
}

const char *journal_source_directory(const struct journal_source *source)
{
	return source->directory;
}

void journal_source_free(struct journal_source *source)
{
	if (!source)
		return;
	g_free(source->directory);
	g_hash_table_unref(source->known);
	g_string_chunk_free(source->texts);
	g_ptr_array_unref(source->blocks);
	g_ptr_array_unref(source->rows);
	g_free(source);
}

/* --- one entry --- */

#define FIELD_NAME(text)                                                                           \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
static const struct {
	const char *text;
	size_t length;
} field_names[NUM_FIELDS] = {
	[FIELD_HOST] = FIELD_NAME("_HOSTNAME"),
	[FIELD_MACHINE] = FIELD_NAME("_MACHINE_ID"),
	[FIELD_UID] = FIELD_NAME("_UID"),
	[FIELD_DOMAIN] = FIELD_NAME("OOPSBT_DOMAIN"),
	[FIELD_UUID] = FIELD_NAME("OOPSBT_DOMAIN_UUID"),
	[FIELD_KIND] = FIELD_NAME("OOPSBT_KIND"),
	[FIELD_SIGNAL] = FIELD_NAME("OOPSBT_SIGNAL"),
	[FIELD_TITLE] = FIELD_NAME("OOPSBT_TITLE"),
	[FIELD_FINGERPRINT] = FIELD_NAME("OOPSBT_FINGERPRINT"),
	[FIELD_KERNEL] = FIELD_NAME("OOPSBT_KERNEL"),
	[FIELD_DUMP] = FIELD_NAME("OOPSBT_DUMP"),
	[FIELD_REPEAT] = FIELD_NAME("OOPSBT_REPEAT"),
};

/* The fields of one entry: valid UTF-8 of limited length; NULL: missing. */
struct fields {
	const char *texts[NUM_FIELDS]; /* owned by the source */
	char id[MAX_ID + 1];	       /* empty: missing */
	guint64 repeat;		       /* 0: has its own dump */
	guint64 time_us;	       /* of the entry */
};

/* Equal texts share one copy. */
static const char *keep_text(struct journal_source *source, const char *text)
{
	const char *kept = g_hash_table_lookup(source->known, text);

	if (kept)
		return kept;
	kept = g_string_chunk_insert(source->texts, text);
	g_hash_table_add(source->known, (char *)kept);
	source->text_bytes += strlen(text) + 1;
	source->full = source->full || source->text_bytes > JOURNAL_SOURCE_MAX_TEXT;
	return kept;
}

/* Where to cut @bytes, which are longer than @max, without splitting a character. */
static size_t cut_length(const char *bytes, size_t max)
{
	size_t length = max;

	while (length > max - 4 && (bytes[length] & 0xc0) == 0x80)
		length--;
	return length;
}

static bool is_same(const char *text, const char *bytes, size_t length)
{
	return text && strlen(text) == length && !memcmp(text, bytes, length);
}

/* Converts \xNN back to the byte, as in a report; oopsbtd escaped it. */
static size_t undo_escapes(char *text, size_t length)
{
	size_t to = 0;

	for (size_t from = 0; from < length; to++) {
		int high = -1, low = -1;

		if (length - from >= 4 && text[from] == '\\' && text[from + 1] == 'x') {
			high = g_ascii_xdigit_value(text[from + 2]);
			low = g_ascii_xdigit_value(text[from + 3]);
		}
		text[to] = low < 0 || high < 0 ? text[from] : (char)(high << 4 | low);
		from += low < 0 || high < 0 ? 1 : 4;
	}
	return to;
}

/* As in a report: valid UTF-8, but not safe for a terminal. */
static const char *take_text(struct journal_source *source, const char *bytes, size_t length)
{
	char buffer[MAX_FIELD + sizeof("...")];
	g_autofree char *valid = NULL;
	const char *rest = "";

	if (length > MAX_FIELD) {
		length = cut_length(bytes, MAX_FIELD);
		rest = "...";
	}
	memcpy(buffer, bytes, length);
	memcpy(buffer + length, rest, strlen(rest));
	length = undo_escapes(buffer, length + strlen(rest));
	buffer[length] = '\0';
	if (g_utf8_validate(buffer, (gssize)length, NULL))
		return keep_text(source, buffer);
	valid = g_utf8_make_valid(buffer, (gssize)length);
	return keep_text(source, valid);
}

/* Not shared, since each entry has a different one. */
static void take_id(struct fields *fields, const char *bytes, size_t length)
{
	if (length > MAX_ID || memchr(bytes, '\0', length))
		return;
	memcpy(fields->id, bytes, length);
	fields->id[length] = '\0';
	if (!store_id_is_valid(fields->id))
		fields->id[0] = '\0';
}

/* Not shared either. */
static void take_repeat(struct fields *fields, const char *bytes, size_t length)
{
	char text[16];

	if (length >= sizeof(text))
		return;
	memcpy(text, bytes, length);
	text[length] = '\0';
	if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT32, &fields->repeat, NULL))
		fields->repeat = 0;
}

static void take_value(struct journal_source *source, struct fields *fields, enum field field,
		       const char *bytes, size_t length)
{
	if (field == FIELD_DUMP) {
		take_id(fields, bytes, length);
		return;
	}
	if (field == FIELD_REPEAT) {
		take_repeat(fields, bytes, length);
		return;
	}
	if (!is_same(source->last[field], bytes, length))
		source->last[field] = take_text(source, bytes, length);
	fields->texts[field] = source->last[field];
}

static void take_field(struct journal_source *source, struct fields *fields, const char *data,
		       size_t length)
{
	const char *equals = memchr(data, '=', length);
	size_t name_length = equals ? (size_t)(equals - data) : length;

	for (unsigned int i = 0; equals && i < NUM_FIELDS; i++) {
		if (field_names[i].length != name_length ||
		    memcmp(field_names[i].text, data, name_length) != 0)
			continue;
		take_value(source, fields, i, equals + 1, length - name_length - 1);
		return;
	}
}

static const char *machine_id(const char *text)
{
	return text && strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32 ? text : NULL;
}

static struct store_entry *next_row(struct journal_source *source)
{
	size_t at = source->rows->len % ROWS_A_BLOCK;
	struct store_entry *row;

	if (at == 0)
		g_ptr_array_add(source->blocks, g_new0(struct store_entry, ROWS_A_BLOCK));
	row = (struct store_entry *)source->blocks->pdata[source->blocks->len - 1] + at;
	g_ptr_array_add(source->rows, row);
	source->full = source->full || source->rows->len == JOURNAL_SOURCE_MAX_ROWS;
	return row;
}

/* Any user can send an entry with this MESSAGE_ID; oopsbtd runs as root. */
static bool is_oopsbtd(const struct fields *fields)
{
	const char *uid = fields->texts[FIELD_UID];

	return fields->id[0] && (!uid || !strcmp(uid, "0"));
}

static const char *first_known(const char *first, const char *second, const char *otherwise)
{
	return first && *first ? first : second ? second : otherwise;
}

static char *time_text(struct journal_source *source, guint64 time_us)
{
	g_autoptr(GDateTime) time =
		g_date_time_new_from_unix_utc((gint64)(time_us / G_USEC_PER_SEC));
	g_autofree char *text = time ? g_date_time_format_iso8601(time) : NULL;

	return text ? g_string_chunk_insert(source->texts, text) : NULL;
}

static void add_row(struct journal_source *source, const struct fields *fields)
{
	const char *const *texts = fields->texts;
	const char *uuid = texts[FIELD_UUID];
	g_autofree char *fingerprint = store_entry_fingerprint(texts[FIELD_FINGERPRINT]);
	struct store_entry *row = next_row(source);

	if (uuid && !g_uuid_string_is_valid(uuid))
		uuid = NULL;
	row->id = g_string_chunk_insert(source->texts, fields->id);
	row->uuid = (char *)uuid;
	row->domain = (char *)first_known(texts[FIELD_DOMAIN], uuid, "(unknown)");
	row->machine = (char *)machine_id(texts[FIELD_MACHINE]);
	row->host = (char *)first_known(texts[FIELD_HOST], row->machine, "(unknown)");
	row->title = (char *)first_known(texts[FIELD_TITLE], NULL, "no title");
	row->signal = (char *)texts[FIELD_SIGNAL];
	row->incident = store_entry_incident(texts[FIELD_KIND], row->signal);
	row->fingerprint = fingerprint ? (char *)texts[FIELD_FINGERPRINT] : NULL;
	row->release = (char *)texts[FIELD_KERNEL];
	row->die_counter = row->uptime_s = -1;
	row->repeats = fields->repeat;
	row->repeated = fields->repeat ? time_text(source, fields->time_us) : NULL;
}

static void read_entry(struct journal_source *source, sd_journal *journal)
{
	struct fields fields = {0};
	const void *data;
	size_t length;

	SD_JOURNAL_FOREACH_DATA(journal, data, length)
	take_field(source, &fields, data, length);
	sd_journal_get_realtime_usec(journal, &fields.time_us);
	if (is_oopsbtd(&fields))
		add_row(source, &fields);
	else
		source->strangers++;
}

/* --- one journal --- */

/* 0, or a negative errno. */
static int open_journal(const char *path, sd_journal **journal)
{
	const char *paths[] = {path, NULL};
	int result = sd_journal_open_files(journal, paths, 0);

	if (result < 0)
		return result;
	sd_journal_set_data_threshold(*journal, MAX_FIELD + 64);
	return sd_journal_add_match(*journal, "MESSAGE_ID=" LOG_ID_INCIDENT, 0);
}

static void warn_of_file(struct journal_source *source, const char *path, int error)
{
	source->files_failed++;
	if (source->files_failed <= MAX_WARNINGS)
		print_warning("cannot read all of %s: %s", path, g_strerror(-error));
}

/* One file at a time: ten thousand at once would exceed the limit of open files. */
static void read_file(struct journal_source *source, const char *path)
{
	sd_journal *journal = NULL;
	int result = open_journal(path, &journal);

	source->files++;
	while (result >= 0 && !source->full) {
		result = sd_journal_next(journal);
		if (result <= 0)
			break;
		read_entry(source, journal);
	}
	if (result < 0)
		warn_of_file(source, path, result);
	sd_journal_close(journal);
}

/* --- a directory of them --- */

static bool is_journal(const char *name)
{
	return g_str_has_suffix(name, ".journal") || g_str_has_suffix(name, ".journal~");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted by name; NULL: it cannot be opened. */
static GPtrArray *names_in(const char *directory, GError **error)
{
	DIR *dir = opendir(directory);
	const struct dirent *file;
	GPtrArray *names;

	if (!dir) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "cannot read the journals in %s: %s", directory, g_strerror(errno));
		return NULL;
	}
	names = g_ptr_array_new_with_free_func(g_free);
	while ((file = readdir(dir)))
		if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
			g_ptr_array_add(names, g_strdup(file->d_name));
	closedir(dir);
	g_ptr_array_sort(names, compare_names);
	return names;
}

static bool read_directory(struct journal_source *source, const char *directory, guint depth,
			   GError **error)
{
	g_autoptr(GPtrArray) names = names_in(directory, error);

	for (guint i = 0; names && i < names->len && !source->full; i++) {
		g_autofree char *path = g_build_filename(directory, names->pdata[i], NULL);
		g_autoptr(GError) local = NULL;

		if (is_journal(names->pdata[i]))
			read_file(source, path);
		else if (depth < MAX_DEPTH && g_file_test(path, G_FILE_TEST_IS_DIR) &&
			 !read_directory(source, path, depth + 1, &local))
			print_warning("%s", local->message);
	}
	return names != NULL;
}

/* --- all rows --- */

static int compare_rows(const void *a, const void *b)
{
	const struct store_entry *left = *(const struct store_entry *const *)a;
	const struct store_entry *right = *(const struct store_entry *const *)b;
	int order = strcmp(left->id, right->id);

	if (!order)
		order = g_strcmp0(left->machine, right->machine);
	if (!order)
		order = strcmp(left->host, right->host);
	return order ? order : g_strcmp0(left->uuid, right->uuid);
}

/* The entries of repeats have numbers: the last one is the count. */
static void merge(struct store_entry *row, const struct store_entry *same)
{
	if (same->repeats <= row->repeats)
		return;
	row->repeats = same->repeats;
	row->repeated = same->repeated;
}

/* A repeat names the dump that has its record, and a repeated upload sends an entry twice. */
static void drop_repeated(GPtrArray *rows)
{
	guint kept = 0;

	for (guint i = 0; i < rows->len; i++) {
		if (kept == 0 || compare_rows(&rows->pdata[i], &rows->pdata[kept - 1]) != 0)
			rows->pdata[kept++] = rows->pdata[i];
		else
			merge(rows->pdata[kept - 1], rows->pdata[i]);
	}
	g_ptr_array_set_size(rows, (gint)kept);
}

static void warn_of_what_is_left_out(const struct journal_source *source)
{
	if (source->files_failed > MAX_WARNINGS)
		print_warning("%u more journals cannot be read",
			      source->files_failed - MAX_WARNINGS);
	if (source->strangers > 0)
		print_warning("%u entries are left out: they look like oopsbtd's, and are of "
			      "another user or have no dump's id",
			      source->strangers);
	if (source->full)
		print_warning("%s has too much to read; only the first %u dumps are shown\n"
			      "name a directory with fewer journals",
			      source->directory, source->rows->len);
}

static bool check_found(const struct journal_source *source, GError **error)
{
	if (source->files > source->files_failed || source->rows->len > 0)
		return true;
	if (source->files > 0)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "none of the journals in %s can be read\n"
			    "try as root or as a member of the group systemd-journal",
			    source->directory);
	else
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "there is no journal in %s\n"
			    "systemd-journal-remote writes them to /var/log/journal/remote",
			    source->directory);
	return false;
}

GPtrArray *journal_source_list(struct journal_source *source, GError **error)
{
	if (!read_directory(source, source->directory, 0, error) || !check_found(source, error))
		return NULL;
	g_ptr_array_sort(source->rows, compare_rows);
	drop_repeated(source->rows);
	warn_of_what_is_left_out(source);
	return g_ptr_array_copy(source->rows, NULL, NULL);
}
