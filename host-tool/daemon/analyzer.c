/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/analyzer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/protocol.h"
#include "common/sanitize.h"
#include "daemon/program.h"

#define END_WAIT_MS 500
/* Maximum bytes of its standard error in the log. */
#define MAX_COMPLAINT 600

struct analyzer {
	GPid pid;
	int socket;
	int stderr_fd; /* a memfd */
};

struct analyzer_pool {
	GMutex mutex;
	struct analyzer_limits limits;
	GQueue spares; /* of struct analyzer; ready and waiting */
};

static bool fail_errno(GError **error, const char *what)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s for the analyser: %s",
		    what, g_strerror(errno));
	return false;
}

static struct analyzer *start_analyzer(const struct analyzer_limits *limits, GError **error)
{
	g_autofree char *memory = g_strdup_printf("%" G_GUINT64_FORMAT, limits->memory);
	g_autofree char *file_size = g_strdup_printf("%" G_GUINT64_FORMAT, limits->file_size);
	g_autofree char *cpu_seconds = g_strdup_printf("%u", limits->cpu_seconds);
	/*
	 * The child sets its own limits: setting those of another user's process needs one more
	 * capability.
	 */
	const char *const argv[] = {"oopsbt-analyze", "serve",	   memory,
				    file_size,	      cpu_seconds, NULL};
	struct analyzer *analyzer = g_new0(struct analyzer, 1);
	int sockets[2];

	analyzer->stderr_fd = memfd_create("oopsbt-analyze", MFD_CLOEXEC);
	if (analyzer->stderr_fd < 0) {
		fail_errno(error, "creating a memory file");
		g_free(analyzer);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) {
		fail_errno(error, "creating a socket pair");
		close(analyzer->stderr_fd);
		g_free(analyzer);
		return NULL;
	}
	if (!program_start("oopsbt-analyze", "OOPSBT_ANALYZER", argv, sockets[1],
			   ANALYZER_CONTROL_FD, analyzer->stderr_fd, &analyzer->pid, error)) {
		close(sockets[0]);
		close(sockets[1]);
		close(analyzer->stderr_fd);
		g_free(analyzer);
		return NULL;
	}
	close(sockets[1]);
	analyzer->socket = sockets[0];
	return analyzer;
}

static bool is_alive(const struct analyzer *analyzer)
{
	struct pollfd pollfd = {.fd = analyzer->socket, .events = POLLIN};

	return poll(&pollfd, 1, 0) == 0;
}

struct analyzer_pool *analyzer_pool_new(const struct analyzer_limits *limits)
{
	struct analyzer_pool *pool = g_new0(struct analyzer_pool, 1);

	g_mutex_init(&pool->mutex);
	pool->limits = *limits;
	return pool;
}

static void end_spares(GQueue *spares)
{
	struct analyzer *spare;

	/* Signals all of them before it waits for the first. */
	for (GList *item = spares->head; item; item = item->next)
		analyzer_cancel(item->data);
	while ((spare = g_queue_pop_head(spares)))
		g_free(analyzer_end(spare));
}

void analyzer_pool_free(struct analyzer_pool *pool)
{
	if (pool == NULL)
		return;
	end_spares(&pool->spares);
	g_mutex_clear(&pool->mutex);
	g_free(pool);
}

struct analyzer_limits analyzer_pool_limits(struct analyzer_pool *pool)
{
	struct analyzer_limits limits;

	g_mutex_lock(&pool->mutex);
	limits = pool->limits;
	g_mutex_unlock(&pool->mutex);
	return limits;
}

void analyzer_pool_set_limits(struct analyzer_pool *pool, const struct analyzer_limits *limits)
{
	GQueue old;

	g_mutex_lock(&pool->mutex);
	pool->limits = *limits;
	old = pool->spares;
	g_queue_init(&pool->spares);
	g_mutex_unlock(&pool->mutex);
	end_spares(&old);
}

unsigned int analyzer_pool_num_spares(struct analyzer_pool *pool)
{
	unsigned int num = 0;

	g_mutex_lock(&pool->mutex);
	for (GList *item = pool->spares.head; item; item = item->next)
		num += is_alive(item->data);
	g_mutex_unlock(&pool->mutex);
	return num;
}

static struct analyzer *take_spare(struct analyzer_pool *pool)
{
	struct analyzer *spare;

	g_mutex_lock(&pool->mutex);
	spare = g_queue_pop_head(&pool->spares);
	g_mutex_unlock(&pool->mutex);
	return spare;
}

static struct analyzer *start_of_pool(struct analyzer_pool *pool, GError **error)
{
	const struct analyzer_limits limits = analyzer_pool_limits(pool);

	return start_analyzer(&limits, error);
}

static void add_spare(struct analyzer_pool *pool, struct analyzer *spare)
{
	g_mutex_lock(&pool->mutex);
	g_queue_push_tail(&pool->spares, spare);
	g_mutex_unlock(&pool->mutex);
}

static void end_dead_spares(struct analyzer_pool *pool)
{
	GQueue dead = G_QUEUE_INIT;

	g_mutex_lock(&pool->mutex);
	for (GList *item = pool->spares.head, *next; item; item = next) {
		next = item->next;
		if (is_alive(item->data))
			continue;
		g_queue_unlink(&pool->spares, item);
		g_queue_push_tail_link(&dead, item);
	}
	g_mutex_unlock(&pool->mutex);
	end_spares(&dead);
}

bool analyzer_pool_fill(struct analyzer_pool *pool, unsigned int num_spares, GError **error)
{
	end_dead_spares(pool);
	for (unsigned int num = analyzer_pool_num_spares(pool); num < num_spares; num++) {
		struct analyzer *spare = start_of_pool(pool, error);

		if (spare == NULL)
			return false;
		add_spare(pool, spare);
	}
	return true;
}

void analyzer_pool_trim(struct analyzer_pool *pool, unsigned int num_spares)
{
	for (unsigned int num = analyzer_pool_num_spares(pool); num > num_spares; num--) {
		struct analyzer *spare = take_spare(pool);

		if (spare)
			g_free(analyzer_end(spare));
	}
}

struct analyzer *analyzer_take(struct analyzer_pool *pool, GError **error)
{
	struct analyzer *spare;

	while ((spare = take_spare(pool))) {
		if (is_alive(spare))
			return spare;
		g_free(analyzer_end(spare));
	}
	return start_of_pool(pool, error);
}

struct analyzer *analyzer_start(struct analyzer_pool *pool, GError **error)
{
	return start_of_pool(pool, error);
}

int analyzer_socket(const struct analyzer *analyzer)
{
	return analyzer->socket;
}

void analyzer_cancel(struct analyzer *analyzer)
{
	shutdown(analyzer->socket, SHUT_RDWR);
}

/* The end of its standard error, as one line: it may say where the analyser crashed. */
static char *read_complaint(int fd)
{
	char buffer[MAX_COMPLAINT];
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t got = pread(fd, buffer, sizeof(buffer), MAX(size - (off_t)sizeof(buffer), 0));

	while (got > 0 && g_ascii_isspace(buffer[got - 1]))
		got--;
	for (ssize_t i = 0; i < got; i++)
		if (buffer[i] == '\n')
			buffer[i] = ' ';
	return got > 0 ? sanitize_line(buffer, got) : NULL;
}

static char *describe_end(int status, bool forced, int stderr_fd)
{
	g_autofree char *complaint = NULL;
	g_autofree char *how = NULL;

	if (forced)
		how = g_strdup("did not end and was killed");
	else if (WIFSIGNALED(status))
		how = g_strdup_printf("was killed by signal %d (%s)", WTERMSIG(status),
				      g_strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		how = g_strdup_printf("ended with status %d", WEXITSTATUS(status));
	else
		return NULL;
	complaint = read_complaint(stderr_fd);
	return g_strconcat(how, complaint ? ": " : NULL, complaint, NULL);
}

char *analyzer_end(struct analyzer *analyzer)
{
	int pidfd = (int)syscall(SYS_pidfd_open, analyzer->pid, 0);
	struct pollfd pollfd = {.fd = pidfd, .events = POLLIN};
	bool forced = false;
	int status = 0;
	char *result;

	shutdown(analyzer->socket, SHUT_RDWR);
	if (pidfd < 0 || poll(&pollfd, 1, END_WAIT_MS) <= 0) {
		forced = true;
		kill(analyzer->pid, SIGKILL);
	}
	waitpid(analyzer->pid, &status, 0);
	result = describe_end(status, forced, analyzer->stderr_fd);
	if (pidfd >= 0)
		close(pidfd);
	close(analyzer->socket);
	close(analyzer->stderr_fd);
	g_free(analyzer);
	return result;
}
