/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virsh with the additional command `oopsbt`. Installed as `virsh` before the real one in PATH, it
 * parses virsh's own options up to the command and then executes either virsh-oopsbt or the real
 * virsh with unchanged arguments.
 *
 * The real virsh is the one that a package has moved aside ("virsh.libvirt" next to "virsh"); else
 * the next `virsh` in PATH after this program's own folder, so that two front ends cannot call each
 * other in turns; else /usr/bin/virsh.
 */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND "oopsbt"
#define MOVED_ASIDE ".libvirt"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_program(const char *path, struct stat *info)
{
	return stat(path, info) == 0 && S_ISREG(info->st_mode) && access(path, X_OK) == 0;
}

/* Writes the path of this program to @path, of @size bytes. */
static bool find_self(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);

	if (length < 0)
		return false;
	path[length] = '\0';
	return true;
}

static bool find_moved_aside(char *path)
{
	struct stat info;

	if (!find_self(path, PATH_MAX - sizeof(MOVED_ASIDE)))
		return false;
	strcat(path, MOVED_ASIDE);
	return is_program(path, &info);
}

/* Writes the real virsh's path to @path (PATH_MAX bytes). */
static bool find_virsh(char *path)
{
	const char *search = getenv("PATH");
	struct stat self;
	struct stat info;
	bool found = false;

	if (find_moved_aside(path))
		return true;
	if (stat("/proc/self/exe", &self) < 0)
		return false;
	while (search && *search) {
		size_t length = strcspn(search, ":");
		char candidate[PATH_MAX];
		int size = snprintf(candidate, sizeof(candidate), "%.*s%svirsh", (int)length,
				    search, length ? "/" : "./");

		search += length + (search[length] == ':');
		if (size >= (int)sizeof(candidate) || !is_program(candidate, &info))
			continue;
		if (same_file(&info, &self)) {
			found = false; /* matches before this program's own folder do not count */
		} else if (!found) {
			memcpy(path, candidate, size + 1);
			found = true;
		}
	}
	if (found)
		return true;
	strcpy(path, "/usr/bin/virsh");
	return is_program(path, &info) && !same_file(&info, &self);
}

static int become_virsh(char **argv)
{
	char path[PATH_MAX];

	if (!find_virsh(path)) {
		fprintf(stderr, "error: virsh is not installed: there is none in PATH but the "
				"front end of virsh oopsbt; install libvirt's clients\n");
		return 127;
	}
	execv(path, argv);
	fprintf(stderr, "error: cannot run %s: %s\n", path, strerror(errno));
	return 126;
}

/* Executes it with @argv except element @skip (-1: none). */
static int become_oopsbt(int argc, char **argv, int skip)
{
	char self[PATH_MAX - sizeof("/virsh-" COMMAND)];
	char path[PATH_MAX];
	char **arguments = calloc(argc + 1, sizeof(*arguments));
	int count = 0;

	if (!find_self(self, sizeof(self)) || !arguments) {
		fprintf(stderr, "error: cannot find virsh-" COMMAND ": %s\n", strerror(errno));
		return 126;
	}
	snprintf(path, sizeof(path), "%s/virsh-" COMMAND, dirname(self));
	for (int i = 0; i < argc; i++) {
		if (i != skip)
			arguments[count++] = argv[i];
	}
	execv(path, arguments);
	fprintf(stderr, "error: cannot run %s: %s; install oopsbt again\n", path, strerror(errno));
	return 126;
}

/* The index of the command, or argc if there is none or virsh must check the options. */
static int find_command(int argc, char **argv)
{
	static const struct option options[] = {
		{"connect", required_argument, NULL, 'c'},
		{"debug", required_argument, NULL, 'd'},
		{"escape", required_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{"keepalive-interval", required_argument, NULL, 'k'},
		{"keepalive-count", required_argument, NULL, 'K'},
		{"log", required_argument, NULL, 'l'},
		{"no-pkttyagent", no_argument, NULL, 'n'},
		{"quiet", no_argument, NULL, 'q'},
		{"readonly", no_argument, NULL, 'r'},
		{"timing", no_argument, NULL, 't'},
		{"version", optional_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "+:c:d:e:hk:K:l:qrtvV", options, NULL)) != -1) {
		if (strchr("hvV?:", letter))
			return argc;
	}
	return optind;
}

/* --- several commands in one argument: virsh 'oopsbt list; list' --- */

#define BLANKS " \t"
#define SEPARATORS ";\n"

/* The end of the command at @at: a separator or the end, by virsh's quoting rules. */
static char *command_end(char *at)
{
	char quote = '\0';
	bool in_word = false;

	for (; *at; at++) {
		if (*at == '\\' && quote != '\'' && at[1])
			at++;
		else if (quote)
			quote = *at == quote ? '\0' : quote;
		else if (*at == '\'' || *at == '"')
			quote = *at;
		else if (strchr(SEPARATORS, *at))
			break;
		else if (*at == '#' && !in_word)
			at += strcspn(at, "\n") - 1;
		in_word = quote || !strchr(BLANKS, *at);
	}
	return at;
}

static bool is_ours(const char *command)
{
	size_t length = strlen(COMMAND);

	command += strspn(command, BLANKS);
	return strncmp(command, COMMAND, length) == 0 &&
	       (!command[length] || strchr(BLANKS SEPARATORS, command[length]));
}

static bool has_ours(char *commands)
{
	for (char *at = commands;; at++) {
		if (is_ours(at))
			return true;
		at = command_end(at);
		if (!*at)
			return false;
	}
}

/* @argv[command]: our command, or one or more of virsh's. */
static int become_one(int argc, char **argv, int command)
{
	if (!is_ours(argv[command]))
		return become_virsh(argv);
	argv[command] += strspn(argv[command], BLANKS) + strlen(COMMAND);
	return become_oopsbt(argc, argv,
			     argv[command][strspn(argv[command], BLANKS)] ? -1 : command);
}

static void run_one(int argc, char **argv, int command)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(become_one(argc, argv, command));
	if (pid < 0)
		fprintf(stderr, "error: cannot run '%s': %s\n", argv[command], strerror(errno));
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* As virsh does: runs all in order, whatever their status, and returns the last one's. */
static int run_all(int argc, char **argv, int command)
{
	for (char *at = argv[command];;) {
		bool ours = is_ours(at);
		char *end = command_end(at);

		argv[command] = at;
		while (!ours && *end && !is_ours(end + 1))
			end = command_end(end + 1);
		if (!end[strspn(end, BLANKS SEPARATORS)]) {
			*end = '\0';
			return become_one(argc, argv, command);
		}
		*end = '\0';
		run_one(argc, argv, command);
		at = end + 1;
	}
}

/* The shell's completion of virsh calls `complete -- WORD...`, maybe for our command. */
static int complete(int argc, char **argv, int command)
{
	int word = command + 1;

	if (word < argc && strcmp(argv[word], "--") == 0)
		word++;
	if (word + 1 < argc && strcmp(argv[word], COMMAND) == 0)
		return become_oopsbt(argc, argv, word);
	if (word + 1 == argc && strncmp(argv[word], COMMAND, strlen(argv[word])) == 0) {
		puts(COMMAND);
		fflush(stdout);
	}
	return become_virsh(argv);
}

int main(int argc, char **argv)
{
	int command = find_command(argc, argv);

	if (command >= argc)
		return become_virsh(argv);
	if (strcmp(argv[command], COMMAND) == 0)
		return become_oopsbt(argc, argv, command);
	/* virsh also accepts command lines as one argument: virsh 'oopsbt list web1; list' */
	if (command + 1 == argc && has_ours(argv[command]))
		return run_all(argc, argv, command);
	if (strcmp(argv[command], "complete") == 0)
		return complete(argc, argv, command);
	if (strcmp(argv[command], "help") == 0 && command + 2 == argc &&
	    strcmp(argv[command + 1], COMMAND) == 0)
		return become_oopsbt(argc, argv, command + 1);
	return become_virsh(argv);
}
