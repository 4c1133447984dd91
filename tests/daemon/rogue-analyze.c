/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An analyser that behaves as the file $OOPSBT_ROGUE says when it receives the job of a collection.
 * It does what a real analyser does only after a guest has taken control of it, and it keeps a
 * collection in one state. A job of kind map gets an answer.
 *
 *	good            every expected file, with little content
 *	hang-frozen     never sends CAPTURED
 *	hang-thawed     never sends ANALYSED
 *	hang-analysed   never sends DONE
 *	crash           ends by a signal when the guest is frozen
 *	escape          a terminal escape in report.txt
 *	foreign         a report.json about another domain
 *	broken          a report.json that is not JSON
 *	flood           writes until it is stopped
 *	garbage         bytes that are no message
 *	need            asks for memory outside the guest
 *	large           a report.json of 7 MiB that is as costly to parse as possible
 *	late            sends DONE, and writes to report.txt when the daemon ends it
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/context.h"
#include "common/protocol.h"
#include "common/sanitize.h"

#define LARGE ((size_t)7 << 20)

static char *mode;

static void say(enum protocol_type type, const void *payload, size_t length)
{
	protocol_send(ANALYZER_CONTROL_FD, type, payload, length, NULL, 0, NULL);
}

static void hear(enum protocol_type type, struct protocol_message *message)
{
	if (!protocol_receive(ANALYZER_CONTROL_FD, PROTOCOL_MAX_PAYLOAD, -1, message, NULL) ||
	    message->type != type)
		exit(EXIT_FAILURE);
}

static void skip(enum protocol_type type)
{
	struct protocol_message message;

	hear(type, &message);
	protocol_message_clear(&message);
}

static bool is(const char *word)
{
	return strcmp(mode, word) == 0;
}

/* Waits until the daemon ends this process or closes the connection. */
static void hang(void)
{
	struct protocol_message message;

	while (protocol_receive(ANALYZER_CONTROL_FD, PROTOCOL_MAX_PAYLOAD, -1, &message, NULL))
		protocol_message_clear(&message);
	exit(EXIT_SUCCESS);
}

/* A daemon that checks too early has already accepted the file at this time. */
static void write_late(int fd)
{
	struct protocol_message message;

	while (protocol_receive(ANALYZER_CONTROL_FD, PROTOCOL_MAX_PAYLOAD, -1, &message, NULL))
		protocol_message_clear(&message);
	if (pwrite(fd, "\033]0;late\007", 10, 0) < 0)
		exit(EXIT_FAILURE);
	exit(EXIT_SUCCESS);
}

static void serve_map(void)
{
	skip(PROTOCOL_FROZEN);
	say(PROTOCOL_MAP, "rogue", 5);
	say(PROTOCOL_DONE, "rogue", 5);
}

/* Every three bytes of this JSON are an object in the tree. */
static void write_large(int fd, const char *json)
{
	g_autoptr(GString) text = g_string_new_len(json, (gssize)strlen(json) - 1);

	g_string_append(text, ",\"x\":[{}");
	while (text->len < LARGE)
		g_string_append(text, ",{}");
	g_string_append(text, "]}");
	if (write(fd, text->str, text->len) != (ssize_t)text->len)
		exit(EXIT_FAILURE);
}

static void write_files(const int *fds, const struct report_collection *collection)
{
	const char *text = is("escape") ? "\033]0;owned\007\n" : "a report\n";
	g_autofree char *json = g_strdup_printf(
		"{\"schema\":1,\"id\":\"%s\",\"title\":\"rogue\",\"domain\":{\"uuid\":\"%s\"}}",
		collection->id, is("foreign") ? "somebody else" : collection->domain_uuid);

	if (is("broken"))
		strcpy(json, "{");
	dprintf(fds[PROTOCOL_FD_REPORT_TEXT], "%s", text);
	if (is("large"))
		write_large(fds[PROTOCOL_FD_REPORT_JSON], json);
	else
		dprintf(fds[PROTOCOL_FD_REPORT_JSON], "%s", json);
	while (is("flood"))
		dprintf(fds[PROTOCOL_FD_DMESG], "%01024d\n", 0);
}

/* Receives the collection's id and the descriptors of its files. */
static void finish(struct protocol_message *message, struct report_collection *collection)
{
	const char *json;
	size_t length;

	hear(PROTOCOL_FINISH, message);
	json = g_bytes_get_data(message->payload, &length);
	if (!collection_from_json(json, length, collection, NULL))
		exit(EXIT_FAILURE);
}

static void serve_collection(void)
{
	struct report_collection collection = {0};
	struct protocol_message message;

	const struct protocol_verdict verdict = {.known = 1, .panic_cpu = -1};
	const struct protocol_need need = {.address = ~(uint64_t)0 << 12, .length = 4096};

	skip(PROTOCOL_FROZEN);
	if (is("crash"))
		raise(SIGABRT);
	if (is("hang-frozen"))
		hang();
	if (is("need"))
		say(PROTOCOL_NEED, &need, sizeof(need));
	if (is("garbage") && write(ANALYZER_CONTROL_FD, "all your base are belong to us", 30) < 0)
		exit(EXIT_FAILURE);
	say(PROTOCOL_CAPTURED, &verdict, sizeof(verdict));
	skip(PROTOCOL_THAWED);
	if (is("hang-thawed"))
		hang();
	say(PROTOCOL_ANALYSED, NULL, 0);
	finish(&message, &collection);
	if (is("hang-analysed"))
		hang();
	write_files(message.fds, &collection);
	say(PROTOCOL_DONE, "rogue", 5);
	if (is("late"))
		write_late(message.fds[PROTOCOL_FD_REPORT_TEXT]);
	hang();
}

/*
 * Same limits as the real analyser before it reads anything: from the arguments MEMORY FILE_SIZE
 * CPU_SECONDS.
 */
static void limit_files(const char *file_size)
{
	const rlim_t bytes = strtoull(file_size, NULL, 10);

	setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, bytes});
}

int main(int argc, char **argv)
{
	struct protocol_message message;
	struct job job = {0};
	const char *json;
	size_t length;

	if (argc != 5)
		return EXIT_FAILURE;
	limit_files(argv[3]);
	hear(PROTOCOL_JOB, &message);
	json = g_bytes_get_data(message.payload, &length);
	if (!job_from_json(json, length, &job, NULL) ||
	    !g_file_get_contents(getenv("OOPSBT_ROGUE"), &mode, NULL, NULL))
		return EXIT_FAILURE;
	g_strchomp(mode);
	say(PROTOCOL_READY, NULL, 0);
	if (job.kind == JOB_MAP)
		serve_map();
	else
		serve_collection();
	return EXIT_SUCCESS;
}
