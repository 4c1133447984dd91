/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/log.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/sanitize.h"
#include "daemon/writer.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
/* Bytes of a field including its name: some journal collectors truncate longer ones. */
#define MAX_FIELD 4095
/* The time at exit for a slow reader of the log. */
#define CLOSE_US (2 * G_TIME_SPAN_SECOND)

enum sink {
	SINK_STDERR,
	SINK_JOURNAL,
	SINK_SYSLOG,
};

/* The destination; owned by the writer. */
struct target {
	enum sink sink;
	const char *name;
	int fd; /* -1: syslog() opens its own */
	struct sockaddr_un journal;
};

struct log {
	struct target *target;
	struct writer *writer;
	int level; /* atomic */
};

/* An entry in the sink's format. */
struct entry {
	int priority;
	size_t length;
	char bytes[];
};

/* --- an entry --- */

static struct entry *entry_new(int priority, const GString *bytes)
{
	struct entry *entry = g_malloc(sizeof(*entry) + bytes->len + 1);

	entry->priority = priority;
	entry->length = bytes->len;
	memcpy(entry->bytes, bytes->str, bytes->len + 1);
	return entry;
}

/* Does not escape the escapes of clean text again. */
static char *clean_line(const char *text)
{
	size_t length = strlen(text);

	if (text_is_clean(text, length) && !strchr(text, '\n'))
		return g_strdup(text);
	return sanitize_line(text, (gssize)length);
}

/* Appends at most @max bytes of clean text, in whole characters; dots replace the rest. */
static void append_cut(GString *to, const char *text, size_t max)
{
	size_t length = strlen(text);

	if (length <= max) {
		g_string_append_len(to, text, (gssize)length);
		return;
	}
	max -= strlen("...");
	while ((text[max] & 0xc0) == 0x80)
		max--;
	g_string_append_len(to, text, (gssize)max);
	g_string_append(to, "...");
}

/* The journal's native protocol, for values without a newline: NAME=VALUE\n. */
static void add_field(GString *entry, const char *name, const char *value)
{
	g_autofree char *line = NULL;

	if (value == NULL)
		return;
	line = clean_line(value);
	g_string_append_printf(entry, "%s=", name);
	append_cut(entry, line, MAX_FIELD - strlen(name) - 1);
	g_string_append_c(entry, '\n');
}

static struct entry *journal_entry(const char *name, const char *id, int priority,
				   const char *domain, const struct log_field *fields,
				   const char *message)
{
	g_autoptr(GString) entry = g_string_new(NULL);

	add_field(entry, "MESSAGE", message);
	g_string_append_printf(entry, "PRIORITY=%d\n", priority);
	add_field(entry, "SYSLOG_IDENTIFIER", name);
	add_field(entry, "MESSAGE_ID", id);
	add_field(entry, "OOPSBT_DOMAIN", domain);
	for (; fields && fields->name; fields++)
		add_field(entry, fields->name, fields->value);
	return entry_new(priority, entry);
}

static const char *prefix(int priority)
{
	return priority <= LOG_ERR ? "error: " : priority == LOG_WARNING ? "warning: " : "";
}

static struct entry *make_entry(const struct target *target, const char *id, int priority,
				const char *domain, const struct log_field *fields,
				const char *message)
{
	g_autofree char *whole =
		g_strconcat(domain ? domain : "", domain ? ": " : "", message, NULL);
	g_autofree char *line = NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	if (target->sink == SINK_JOURNAL)
		return journal_entry(target->name, id, priority, domain, fields, whole);
	line = clean_line(whole);
	if (target->sink == SINK_STDERR)
		g_string_printf(text, "%s: %s%s\n", target->name, prefix(priority), line);
	else
		g_string_assign(text, line);
	return entry_new(priority, text);
}

/* --- in the writer's thread --- */

static bool write_stderr(const struct entry *entry, int fd)
{
	for (size_t done = 0; done < entry->length;) {
		ssize_t put = write(fd, entry->bytes + done, entry->length - done);

		if (put < 0 && errno != EINTR)
			return false;
		done += (size_t)MAX(put, 0);
	}
	return true;
}

static bool write_journal(const struct entry *entry, const struct target *target)
{
	ssize_t sent;

	do
		sent = sendto(target->fd, entry->bytes, entry->length, MSG_NOSIGNAL,
			      (const struct sockaddr *)&target->journal, sizeof(target->journal));
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

static bool write_entry(const void *item, void *user_data)
{
	const struct entry *entry = item;
	const struct target *target = user_data;

	switch (target->sink) {
	case SINK_JOURNAL:
		return write_journal(entry, target);
	case SINK_SYSLOG:
		syslog(entry->priority, "%s", entry->bytes);
		return true;
	case SINK_STDERR:
		return write_stderr(entry, target->fd);
	}
	g_assert_not_reached();
}

static void *tell_lost(unsigned int count, void *user_data)
{
	g_autofree char *number = g_strdup_printf("%u", count);
	g_autofree char *message = g_strdup_printf(
		"%u entries of this log are lost: they were not read in time", count);
	const struct log_field fields[] = {{"OOPSBT_COUNT", number}, {NULL}};

	return make_entry(user_data, LOG_ID_LOST, LOG_WARNING, NULL, fields, message);
}

static void target_free(void *pointer)
{
	struct target *target = pointer;

	if (target->sink == SINK_JOURNAL && target->fd >= 0)
		close(target->fd);
	g_free(target);
}

/* --- the log --- */

static struct log *make_log(const char *name, enum sink sink, int fd, const char *path)
{
	static const struct writer_functions functions = {
		.write = write_entry,
		.tell_lost = tell_lost,
		.free_item = g_free,
		.free_user_data = target_free,
	};
	struct target *target = g_new0(struct target, 1);
	struct log *log = g_atomic_rc_box_new0(struct log);

	target->sink = sink;
	target->name = name;
	target->fd = fd;
	target->journal.sun_family = AF_UNIX;
	g_strlcpy(target->journal.sun_path, path, sizeof(target->journal.sun_path));
	log->target = target;
	log->writer = writer_new(&functions, target);
	log->level = LOG_INFO;
	return log;
}

struct log *log_new_journal(const char *name, const char *path)
{
	return make_log(name, SINK_JOURNAL, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), path);
}

/* systemd.exec(5): the variable has device and inode of the stream to the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	g_autofree char *ours = NULL;
	struct stat status;

	if (stream == NULL || fstat(STDERR_FILENO, &status) < 0)
		return false;
	ours = g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	return g_strcmp0(ours, stream) == 0;
}

struct log *log_new(const char *name, bool background)
{
	if (stderr_is_journal() || (background && access(JOURNAL_SOCKET, W_OK) == 0))
		return log_new_journal(name, JOURNAL_SOCKET);
	if (!background)
		return make_log(name, SINK_STDERR, STDERR_FILENO, "");
	openlog(name, LOG_PID, LOG_DAEMON);
	return make_log(name, SINK_SYSLOG, -1, "");
}

void log_close(struct log *log)
{
	writer_close(log->writer, CLOSE_US);
}

static void log_clear(void *pointer)
{
	struct log *log = pointer;

	writer_free(log->writer);
}

struct log *log_ref(struct log *log)
{
	return g_atomic_rc_box_acquire(log);
}

void log_unref(struct log *log)
{
	g_atomic_rc_box_release_full(log, log_clear);
}

bool log_level_from_word(const char *word, int *level)
{
	static const char *const words[] = {
		[LOG_ERR] = "error", [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
		[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
	};

	for (int i = LOG_ERR; i <= LOG_DEBUG; i++) {
		if (strcmp(words[i], word) == 0) {
			*level = i;
			return true;
		}
	}
	return false;
}

void log_set_level(struct log *log, int level)
{
	g_atomic_int_set(&log->level, level);
}

void log_write(struct log *log, int priority, const char *domain, const char *dump,
	       const char *format, ...)
{
	const struct log_field fields[] = {{"OOPSBT_DUMP", dump}, {NULL}};
	g_autofree char *message = NULL;
	va_list args;

	if (priority > g_atomic_int_get(&log->level))
		return;
	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	writer_push(log->writer, make_entry(log->target, NULL, priority, domain, fields, message));
}

void log_event(struct log *log, const char *id, int priority, const char *domain,
	       const struct log_field *fields, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	writer_push(log->writer, make_entry(log->target, id, priority, domain, fields, message));
}
