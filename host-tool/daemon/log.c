/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "common/sanitize.h"

enum sink {
	SINK_STDERR,
	SINK_JOURNAL,
	SINK_SYSLOG,
};

struct log {
	enum sink sink;
};

/* systemd.exec(5): the variable holds device and inode of the stream that goes to the journal. */
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

struct log *log_new(bool background)
{
	struct log *log = g_new0(struct log, 1);

	if (stderr_is_journal() || (background && access("/run/systemd/journal/socket", W_OK) == 0))
		log->sink = SINK_JOURNAL;
	else if (background)
		log->sink = SINK_SYSLOG;
	if (log->sink == SINK_SYSLOG)
		openlog("oopsbtd", LOG_PID, LOG_DAEMON);
	return log;
}

void log_free(struct log *log)
{
	g_free(log);
}

static void add_field(GArray *fields, GPtrArray *strings, const char *name, const char *value)
{
	struct iovec field;

	if (value == NULL)
		return;
	g_ptr_array_add(strings, g_strconcat(name, "=", value, NULL));
	field.iov_base = strings->pdata[strings->len - 1];
	field.iov_len = strlen(field.iov_base);
	g_array_append_val(fields, field);
}

static void write_journal(int priority, const char *domain, const char *dump, const char *line)
{
	g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(struct iovec));
	g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *number = g_strdup_printf("%d", priority);

	add_field(fields, strings, "MESSAGE", line);
	add_field(fields, strings, "PRIORITY", number);
	add_field(fields, strings, "SYSLOG_IDENTIFIER", "oopsbtd");
	add_field(fields, strings, "OOPSBT_DOMAIN", domain);
	add_field(fields, strings, "OOPSBT_DUMP", dump);
	sd_journal_sendv((struct iovec *)(void *)fields->data, (int)fields->len);
}

void log_write(struct log *log, int priority, const char *domain, const char *dump,
	       const char *format, ...)
{
	g_autofree char *message = NULL;
	g_autofree char *whole = NULL;
	g_autofree char *line = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	whole = g_strconcat(domain ? domain : "", domain ? ": " : "", message, NULL);
	line = sanitize_line(whole, -1);
	switch (log->sink) {
	case SINK_JOURNAL:
		write_journal(priority, domain, dump, line);
		break;
	case SINK_SYSLOG:
		syslog(priority, "%s", line);
		break;
	case SINK_STDERR:
		fprintf(stderr, "oopsbtd: %s%s\n",
			priority <= LOG_ERR	  ? "error: "
			: priority == LOG_WARNING ? "warning: "
						  : "",
			line);
		break;
	}
}
