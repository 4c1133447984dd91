/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/output.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/read.h"
#include "common/json_check.h"
#include "common/sanitize.h"

#define MAX_JSON_DEPTH 32
#define PIECE_SIZE ((size_t)64 << 10)
/* The maximum bytes of a UTF-8 character. */
#define MAX_CHARACTER 4

static bool refuse_output(GError **error, const char *name, const char *message)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "the analyser's %s %s", name, message);
	return false;
}

static bool fail_errno(GError **error, const char *what, const char *name)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s %s: %s", what, name,
		    g_strerror(errno));
	return false;
}

static bool check_size(int fd, const char *name, size_t max_bytes, size_t *size, GError **error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fail_errno(error, "reading the analyser's", name);
	if (status.st_size < 0 || (uint64_t)status.st_size > max_bytes)
		return refuse_output(error, name, "is too large");
	*size = (size_t)status.st_size;
	return true;
}

/* The length of the whole characters in @text, if more follows. Invalid UTF-8 counts as whole. */
static size_t whole_characters(const char *text, size_t length)
{
	for (size_t back = 1; back <= MIN(length, MAX_CHARACTER - 1); back++) {
		unsigned char c = (unsigned char)text[length - back];
		size_t needed = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if (c < 0x80 || c >= 0xc0)
			return needed > back ? length - back : length;
	}
	return length;
}

typedef bool (*take_fn)(void *user_data, const char *text, size_t length, GError **error);

/* Reads the whole file in pieces. Each piece must be clean and is passed to @take (may be NULL). */
static bool read_clean(int fd, const char *name, size_t size, take_fn take, void *user_data,
		       GError **error)
{
	g_autofree char *piece = g_malloc(PIECE_SIZE);
	size_t kept = 0;

	for (size_t done = 0; done < size;) {
		size_t length = MIN(size - done, PIECE_SIZE - kept);
		size_t whole;

		if (read_at(fd, done, piece + kept, length) != length)
			return errno ? fail_errno(error, "reading the analyser's", name)
				     : refuse_output(error, name, "shrank while it was read");
		done += length;
		length += kept;
		whole = done < size ? whole_characters(piece, length) : length;
		if (!text_is_clean(piece, whole))
			return refuse_output(error, name, "has characters that are not text");
		if (take && !take(user_data, piece, whole, error))
			return false;
		kept = length - whole;
		memmove(piece, piece + whole, kept);
	}
	return true;
}

bool output_check_text(int fd, const char *name, size_t max_bytes, bool may_be_empty,
		       GError **error)
{
	size_t size;

	if (!check_size(fd, name, max_bytes, &size, error))
		return false;
	if (size == 0 && !may_be_empty)
		return refuse_output(error, name, "is empty");
	return read_clean(fd, name, size, NULL, NULL, error);
}

/*
 * The members that the daemon checks or logs, or that the store lists: each may occur once, near
 * the start.
 */
enum head {
	HEAD_SCHEMA,
	HEAD_ID,
	HEAD_UUID,
	HEAD_INCIDENT,
	HEAD_FINGERPRINT,
	HEAD_VERDICT,
	HEAD_BLAME,
	HEAD_RELEASE,
	HEAD_OOPS_CPU,
	HEAD_STALL_CPU,
	HEAD_LEFT_OUT_ALIKE,
};

static const char *const heads[] = {
	[HEAD_SCHEMA] = "schema",
	[HEAD_ID] = "id",
	[HEAD_UUID] = "domain.uuid",
	[HEAD_INCIDENT] = "incident",
	[HEAD_FINGERPRINT] = "fingerprint",
	[HEAD_VERDICT] = "verdict.text",
	[HEAD_BLAME] = "verdict.blame",
	[HEAD_RELEASE] = "guest.release",
	[HEAD_OOPS_CPU] = "oops.cpu",
	[HEAD_STALL_CPU] = "stall.cpu",
	[HEAD_LEFT_OUT_ALIKE] = "left_out_alike",
	"domain",
	"domain.name",
	"title",
	"signal",
	"timeline",
	"timeline.signalled",
	"guest",
	"guest.build_id",
	"guest.kaslr_offset",
	"guest.die_counter",
	"guest.uptime_s",
	NULL,
};

static bool take_json(void *user_data, const char *text, size_t length, GError **error)
{
	return json_check_feed(user_data, text, length, error);
}

static bool is_string(const struct json_check *check, enum head head, const char *expected)
{
	g_autofree char *quoted = g_strconcat("\"", expected, "\"", NULL);

	return g_strcmp0(json_check_value(check, head), quoted) == 0;
}

static bool check_identity(const struct json_check *check,
			   const struct report_collection *collection, GError **error)
{
	g_autofree char *schema = g_strdup_printf("%d", REPORT_SCHEMA);

	if (g_strcmp0(json_check_value(check, HEAD_SCHEMA), schema) != 0)
		return refuse_output(error, "report.json", "has another schema");
	if (!is_string(check, HEAD_ID, collection->id))
		return refuse_output(error, "report.json", "has another id");
	if (json_check_value(check, HEAD_UUID) == NULL)
		return refuse_output(error, "report.json", "names no domain");
	if (!is_string(check, HEAD_UUID, collection->domain_uuid))
		return refuse_output(error, "report.json", "is about another domain");
	return true;
}

/* NULL: not a string, or longer than allowed. */
static char *get_string(const struct json_check *check, enum head head)
{
	const char *quoted = json_check_value(check, head);
	g_autofree char *escaped = NULL;

	if (quoted == NULL || *quoted != '"')
		return NULL;
	escaped = g_strndup(quoted + 1, strlen(quoted) - 2);
	return g_strcompress(escaped); /* json_check only allows escapes that C has */
}

static struct maybe_int get_number(const struct json_check *check, enum head head)
{
	const char *text = json_check_value(check, head);
	guint64 number;

	if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &number, NULL))
		return (struct maybe_int){0};
	return (struct maybe_int){true, (int64_t)number};
}

static void summarize(const struct json_check *check, const struct report_collection *collection,
		      struct summary *summary)
{
	struct maybe_int oops_cpu = get_number(check, HEAD_OOPS_CPU);

	summary->incident = get_string(check, HEAD_INCIDENT);
	summary->fingerprint = get_string(check, HEAD_FINGERPRINT);
	summary->verdict = get_string(check, HEAD_VERDICT);
	summary->blame = get_string(check, HEAD_BLAME);
	summary->release = get_string(check, HEAD_RELEASE);
	summary->cpu = oops_cpu.known ? oops_cpu : get_number(check, HEAD_STALL_CPU);
	summary->left_out_differ =
		collection->suppressed.oopses > 0 &&
		g_strcmp0(json_check_value(check, HEAD_LEFT_OUT_ALIKE), "true") != 0;
}

bool output_check_json(int fd, size_t max_bytes, const struct report_collection *collection,
		       struct summary *summary, GError **error)
{
	g_autoptr(JsonCheck) check = json_check_new(MAX_JSON_DEPTH, heads);
	size_t size;

	if (!check_size(fd, "report.json", max_bytes, &size, error))
		return false;
	if (!read_clean(fd, "report.json", size, take_json, check, error) ||
	    !json_check_end(check, error)) {
		g_prefix_error(error, "the analyser's report.json: ");
		return false;
	}
	if (!check_identity(check, collection, error))
		return false;
	if (summary)
		summarize(check, collection, summary);
	return true;
}

bool output_check_core(int fd, size_t max_bytes, GError **error)
{
	char magic[SELFMAG];
	size_t size;

	if (!check_size(fd, "core", max_bytes, &size, error))
		return false;
	if (size == 0)
		return true;
	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) ||
	    memcmp(magic, ELFMAG, SELFMAG) != 0)
		return refuse_output(error, "core", "is not an ELF file");
	return true;
}

bool output_write(int fd, const char *text, size_t length, GError **error)
{
	if (ftruncate(fd, 0) < 0)
		return fail_errno(error, "writing", "a file of the dump");
	for (size_t done = 0; done < length;) {
		ssize_t put = pwrite(fd, text + done, length - done, (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fail_errno(error, "writing", "a file of the dump");
		done += (size_t)put;
	}
	return true;
}
