/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's log, with a socket instead of the journal. */
#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/sanitize.h"
#include "daemon/incident_log.h"
#include "daemon/writer.h"

#define UUID "c24f6154-8144-4ff4-9f4c-25f0304e2337"
#define DUMP "20261122T214501Z-1"
#define ENTRY_BYTES ((size_t)256 << 10)
/* More entries than the queue and the sockets hold. */
#define MANY 3000

/* --- the journal --- */

struct journal {
	char *folder;
	char *path;
	int fd;
};

static void listen_there(struct journal *journal)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval timeout = {.tv_sec = 10};

	g_strlcpy(address.sun_path, journal->path, sizeof(address.sun_path));
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(journal->fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	g_assert_cmpint(setsockopt(journal->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)),
			==, 0);
}

static void set_up(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	journal->folder = g_dir_make_tmp("oopsbt-log-XXXXXX", NULL);
	journal->path = g_build_filename(journal->folder, "socket", NULL);
	listen_there(journal);
}

static void tear_down(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	close(journal->fd);
	g_unlink(journal->path);
	g_rmdir(journal->folder);
	g_free(journal->path);
	g_free(journal->folder);
}

static struct log *log_to(const struct journal *journal)
{
	return log_new_journal("oopsbtd", journal->path);
}

/* Returns the next entry, which must arrive. */
static char *receive(const struct journal *journal)
{
	g_autofree char *bytes = g_malloc(ENTRY_BYTES);
	ssize_t got = recv(journal->fd, bytes, ENTRY_BYTES, 0);

	g_assert_cmpint(got, >, 0);
	return g_strndup(bytes, (size_t)got);
}

/* NULL: the entry has no such field. */
static char *field(const char *entry, const char *name)
{
	g_auto(GStrv) lines = g_strsplit(entry, "\n", -1);
	g_autofree char *start = g_strconcat(name, "=", NULL);

	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, start))
			return g_strdup(*line + strlen(start));
	return NULL;
}

static void assert_field(const char *entry, const char *name, const char *expected)
{
	g_autofree char *value = field(entry, name);

	g_assert_cmpstr(value, ==, expected);
}

/* Checks that every reader can parse each line as a field. */
static void assert_clean(const char *entry)
{
	g_auto(GStrv) lines = g_strsplit(entry, "\n", -1);
	guint count = g_strv_length(lines);

	g_assert_true(text_is_clean(entry, strlen(entry)));
	g_assert_cmpstr(lines[count - 1], ==, "");
	for (guint i = 0; i + 1 < count; i++) {
		size_t name = strspn(lines[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

		g_assert_cmpuint(name, >, 0);
		g_assert_cmpint(lines[i][name], ==, '=');
		g_assert_cmpuint(strlen(lines[i]), <, 4096);
	}
}

static void end(struct log *log)
{
	log_close(log);
	log_unref(log);
}

/* --- entries --- */

static void test_line(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	g_autofree char *entry = NULL;

	log_write(log, LOG_INFO, "web1", DUMP, "number %d", 7);
	entry = receive(journal);
	g_assert_cmpstr(entry, ==,
			"MESSAGE=web1: number 7\nPRIORITY=6\nSYSLOG_IDENTIFIER=oopsbtd\n"
			"OOPSBT_DOMAIN=web1\nOOPSBT_DUMP=" DUMP "\n");
	end(log);
}

static void test_incident(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	const struct signal signal = {
		.word = "crashloaded",
		.incident = INCIDENT_OOPS,
		.suppressed = {.rate_limit = 2},
	};
	const struct collection_result result = {
		.id = (char *)DUMP,
		.title = (char *)"BUG: kernel NULL pointer dereference in foo",
		.summary = {.release = (char *)"6.1.0-32-amd64",
			    .fingerprint = (char *)"0123456789abcdef",
			    .verdict = (char *)"CPU 3 loops. The guest is to blame.",
			    .blame = (char *)"guest",
			    .cpu = {true, 3}},
		.times.frozen_us = {true, 4711},
	};
	const struct incident_entry incident = {
		.domain = "web1",
		.uuid = UUID,
		.signal = &signal,
		.result = &result,
	};
	g_autofree char *entry = NULL;

	incident_log_dump(log, &incident);
	entry = receive(journal);
	assert_clean(entry);
	assert_field(entry, "MESSAGE_ID", LOG_ID_INCIDENT);
	assert_field(entry, "PRIORITY", "4");
	assert_field(entry, "SYSLOG_IDENTIFIER", "oopsbtd");
	assert_field(entry, "OOPSBT_DOMAIN", "web1");
	assert_field(entry, "OOPSBT_DOMAIN_UUID", UUID);
	assert_field(entry, "OOPSBT_KIND", "oops");
	assert_field(entry, "OOPSBT_SIGNAL", "crashloaded");
	assert_field(entry, "OOPSBT_TITLE", result.title);
	assert_field(entry, "OOPSBT_FINGERPRINT", "0123456789abcdef");
	assert_field(entry, "OOPSBT_PHASE", NULL);
	assert_field(entry, "OOPSBT_VERDICT", "CPU 3 loops. The guest is to blame.");
	assert_field(entry, "OOPSBT_BLAME", "guest");
	assert_field(entry, "OOPSBT_KERNEL", "6.1.0-32-amd64");
	assert_field(entry, "OOPSBT_CPU", "3");
	assert_field(entry, "OOPSBT_DUMP", DUMP);
	assert_field(entry, "OOPSBT_FREEZE_US", "4711");
	assert_field(entry, "OOPSBT_SUPPRESSED", "2");
	assert_field(entry, "MESSAGE",
		     "web1: oops: BUG: kernel NULL pointer dereference in foo (dump " DUMP ")");
	end(log);
}

/* An unknown value makes no field, and a guest that is down is critical. */
static void test_unknown(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	const struct collection_result result = {.id = (char *)DUMP};
	const struct signal signal = {.word = "panicked", .incident = INCIDENT_PANIC};
	const struct incident_entry incident = {
		.domain = "web1", .uuid = UUID, .signal = &signal, .result = &result};
	g_autofree char *entry = NULL;

	incident_log_dump(log, &incident);
	entry = receive(journal);
	assert_field(entry, "PRIORITY", "2");
	assert_field(entry, "OOPSBT_KIND", "panic");
	assert_field(entry, "OOPSBT_KERNEL", NULL);
	assert_field(entry, "OOPSBT_CPU", NULL);
	assert_field(entry, "OOPSBT_FREEZE_US", NULL);
	assert_field(entry, "OOPSBT_SUPPRESSED", NULL);
	end(log);
}

static void test_phases(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	const struct collection_result result = {.id = (char *)DUMP};
	struct signal signal = {
		.word = "stall", .incident = INCIDENT_HARD_LOCKUP, .phase = "began"};
	const struct incident_entry incident = {
		.domain = "web1", .uuid = UUID, .signal = &signal, .result = &result};
	g_autofree char *began = NULL;
	g_autofree char *ended = NULL;

	incident_log_dump(log, &incident);
	began = receive(journal);
	assert_field(began, "PRIORITY", "4");
	assert_field(began, "OOPSBT_PHASE", "began");
	signal.phase = "ended";
	incident_log_dump(log, &incident);
	ended = receive(journal);
	assert_field(ended, "PRIORITY", "5");
	assert_field(ended, "OOPSBT_PHASE", "ended");
	end(log);
}

static void test_no_dump(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	const struct collection_result result = {.title = (char *)"Oops: 0002 in foo"};
	const struct signal signal = {.word = "oops", .incident = INCIDENT_OOPS};
	const struct incident_entry incident = {
		.domain = "web1", .uuid = UUID, .signal = &signal, .result = &result};
	g_autofree char *entry = NULL;

	incident_log_no_dump(log, &incident, LOG_ERR, "No space left on device");
	entry = receive(journal);
	assert_field(entry, "MESSAGE_ID", LOG_ID_NO_DUMP);
	assert_field(entry, "PRIORITY", "3");
	assert_field(entry, "OOPSBT_KIND", "oops");
	assert_field(entry, "OOPSBT_TITLE", "Oops: 0002 in foo");
	assert_field(entry, "OOPSBT_REASON", "No space left on device");
	assert_field(entry, "OOPSBT_DUMP", NULL);
	assert_field(entry, "MESSAGE",
		     "web1: no dump of this signal (oops): No space left on device");
	end(log);
}

static void test_pause(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	const struct collection_result paused = {.left_paused = "it was paused before"};
	const struct collection_result stuck = {.not_resumed = (char *)"no answer"};
	struct signal signal = {.word = "panicked", .incident = INCIDENT_PANIC};
	struct incident_entry incident = {
		.domain = "web1", .uuid = UUID, .signal = &signal, .result = &paused};
	g_autofree char *left = NULL;
	g_autofree char *failed = NULL;

	incident_log_pause(log, &incident); /* writes nothing: QEMU stops a guest that panics */
	signal.incident = INCIDENT_OOPS;
	incident_log_pause(log, &incident);
	left = receive(journal);
	assert_field(left, "MESSAGE_ID", LOG_ID_LEFT_PAUSED);
	assert_field(left, "PRIORITY", "5");
	assert_field(left, "OOPSBT_REASON", "it was paused before");
	incident.result = &stuck;
	incident_log_pause(log, &incident);
	failed = receive(journal);
	assert_field(failed, "MESSAGE_ID", LOG_ID_NOT_RESUMED);
	assert_field(failed, "PRIORITY", "3");
	assert_field(failed, "OOPSBT_REASON", "no answer");
	end(log);
}

/* --- text of guests --- */

static void test_hostile(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	g_autoptr(GString) title = g_string_new("a\nPRIORITY=0\n\033]0;x\007\377\342\200\256 ");
	const struct log_field fields[] = {
		{"OOPSBT_TITLE", title->str}, {"OOPSBT_KERNEL", "\n\n"}, {NULL}};
	struct log *log = log_to(journal);
	g_autofree char *entry = NULL;
	g_autofree char *value = NULL;

	log_event(log, LOG_ID_INCIDENT, LOG_WARNING, "web1\nMESSAGE_ID=x", fields, "%s",
		  title->str);
	entry = receive(journal);
	assert_clean(entry);
	assert_field(entry, "PRIORITY", "4");
	assert_field(entry, "MESSAGE_ID", LOG_ID_INCIDENT);
	assert_field(entry, "OOPSBT_KERNEL", "\\x0a\\x0a");
	assert_field(entry, "OOPSBT_DOMAIN", "web1\\x0aMESSAGE_ID=x");
	value = field(entry, "OOPSBT_TITLE");
	g_assert_true(g_str_has_prefix(value, "a\\x0aPRIORITY=0\\x0a\\x1b]0;x\\x07\\xff"));
	end(log);
}

/* Two bytes per character: the limit must not cut a character. */
static void test_long(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);

	for (int shift = 0; shift < 2; shift++) {
		g_autoptr(GString) title = g_string_new(shift ? "x" : "");
		const struct log_field fields[] = {{"OOPSBT_TITLE", title->str}, {NULL}};
		g_autofree char *entry = NULL;
		g_autofree char *value = NULL;

		while (title->len < 5 << 10)
			g_string_append(title, "\303\244");
		((struct log_field *)fields)[0].value = title->str;
		log_event(log, LOG_ID_INCIDENT, LOG_WARNING, NULL, fields, "%s", title->str);
		entry = receive(journal);
		assert_clean(entry);
		value = field(entry, "OOPSBT_TITLE");
		g_assert_cmpuint(strlen(value), >, 4000);
		g_assert_true(g_str_has_suffix(value, "\303\244..."));
	}
	end(log);
}

/* A title is already sanitized: its escapes are text. */
static void test_escaped_once(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	const struct log_field fields[] = {{"OOPSBT_TITLE", "in \\x1b[2J"}, {NULL}};
	g_autofree char *entry = NULL;

	log_event(log, LOG_ID_INCIDENT, LOG_WARNING, NULL, fields, "in \\x1b[2J");
	entry = receive(journal);
	assert_field(entry, "OOPSBT_TITLE", "in \\x1b[2J");
	assert_field(entry, "MESSAGE", "in \\x1b[2J");
	end(log);
}

/* --- a slow reader, or none --- */

static double write_many(struct log *log)
{
	gint64 start = g_get_monotonic_time();

	for (int i = 0; i < MANY; i++)
		log_write(log, LOG_INFO, NULL, NULL, "%d", i);
	return (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
}

/* Returns the number of entries that this entry counts; checks the order of the others. */
static int count_entry(const char *entry, int *last)
{
	g_autofree char *message = field(entry, "MESSAGE");
	g_autofree char *count = field(entry, "OOPSBT_COUNT");

	if (count) {
		assert_field(entry, "MESSAGE_ID", LOG_ID_LOST);
		assert_field(entry, "PRIORITY", "4");
		return atoi(count);
	}
	g_assert_cmpint(atoi(message), >, *last);
	*last = atoi(message);
	return 1;
}

static void test_stall(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	int entries = 0, total = 0, last = -1;

	g_assert_cmpfloat(write_many(log), <, 1);
	for (; total < MANY; entries++) {
		g_autofree char *entry = receive(journal);

		total += count_entry(entry, &last);
	}
	g_assert_cmpint(total, ==, MANY);
	g_assert_cmpint(entries, >, WRITER_MAX_WAITING);
	g_assert_cmpint(entries, <, MANY);
	end(log);
}

static void test_close_stalled(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	gint64 start;
	double seconds;

	write_many(log);
	start = g_get_monotonic_time();
	end(log);
	seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
	g_assert_cmpfloat(seconds, >=, 1.9);
	g_assert_cmpfloat(seconds, <, 4);
}

static void *read_slowly(void *pointer)
{
	const struct journal *journal = pointer;

	for (unsigned int i = 0; i < WRITER_MAX_WAITING; i++) {
		g_autofree char *entry = receive(journal);

		g_usleep(200);
	}
	return NULL;
}

static void test_close(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	GThread *reader = g_thread_new("reader", read_slowly, journal);

	for (unsigned int i = 0; i < WRITER_MAX_WAITING; i++)
		log_write(log, LOG_INFO, NULL, NULL, "%u", i);
	end(log);
	g_thread_join(reader); /* asserts that all entries arrived */
}

static void test_absent(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);
	gint64 start = g_get_monotonic_time();
	g_autofree char *entry = NULL;
	g_autofree char *told = NULL;

	close(journal->fd);
	g_unlink(journal->path);
	for (int i = 0; i < 5; i++)
		log_write(log, LOG_INFO, NULL, NULL, "%d", i);
	while (g_get_monotonic_time() - start < 200 * G_TIME_SPAN_MILLISECOND)
		g_usleep(10000); /* no message tells about these lost entries */
	listen_there(journal);
	log_write(log, LOG_INFO, NULL, NULL, "back");
	entry = receive(journal);
	assert_field(entry, "MESSAGE", "back");
	told = receive(journal);
	assert_field(told, "MESSAGE_ID", LOG_ID_LOST);
	assert_field(told, "OOPSBT_COUNT", "5");
	end(log);
}

static void test_late(struct journal *journal, const void *data G_GNUC_UNUSED)
{
	struct log *log = log_to(journal);

	log_ref(log);
	end(log);
	log_write(log, LOG_INFO, NULL, NULL, "of a thread that was left behind");
	log_unref(log);
	g_assert_cmpint(recv(journal->fd, (char[1]){0}, 1, MSG_DONTWAIT), <, 0);
}

/* --- standard error --- */

static void test_stderr(void)
{
	int saved = dup(STDERR_FILENO);
	struct log *log;
	double seconds;
	char bytes[64] = "";
	int fds[2];

	g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	dup2(fds[1], STDERR_FILENO);
	log = log_new("oopsbtd", false);
	log_event(log, LOG_ID_INCIDENT, LOG_WARNING, "web1", NULL, "oops\n");
	seconds = write_many(log); /* more than the capacity of a pipe */
	g_assert_cmpfloat(seconds, <, 1);
	g_assert_cmpint(read(fds[0], bytes, strlen("oopsbtd: warning: web1: oops\\x0a\n")), >, 0);
	g_assert_cmpstr(bytes, ==, "oopsbtd: warning: web1: oops\\x0a\n");
	close(fds[0]); /* all queued writes fail from now on */
	end(log);
	dup2(saved, STDERR_FILENO);
	close(fds[1]);
	close(saved);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	g_unsetenv("JOURNAL_STREAM");
	g_test_init(&argc, &argv, NULL);
#define ADD(title, function)                                                                       \
	g_test_add("/log/" title, struct journal, NULL, set_up, function, tear_down)
	ADD("a line is an entry with the domain and the dump as fields", test_line);
	ADD("an incident is one entry with its facts as fields", test_incident);
	ADD("an unknown fact of an incident makes no field", test_unknown);
	ADD("the end of a hang is not a warning", test_phases);
	ADD("an incident without a dump has the reason", test_no_dump);
	ADD("a pause that stays or cannot be ended makes an entry", test_pause);
	ADD("text of a guest cannot add a field", test_hostile);
	ADD("a field is shorter than 4 KiB and ends with a whole character", test_long);
	ADD("escaped text is not escaped again", test_escaped_once);
	ADD("a stalled journal delays nobody, and lost entries are counted", test_stall);
	ADD("a stalled journal delays the end by at most two seconds", test_close_stalled);
	ADD("at the end all queued entries are written", test_close);
	ADD("without a journal nothing blocks, and a later journal gets the entries", test_absent);
	ADD("entries after the end are dropped", test_late);
#undef ADD
	g_test_add_func("/log/a stalled standard error delays nobody", test_stderr);
	return g_test_run();
}
