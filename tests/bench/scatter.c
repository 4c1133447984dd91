/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scatter NAME PID NUM SECONDS: ten times a second, reads NUM integers of the process's largest
 * mapping, far apart, by one system call, and does nothing else. Prints "NAME" and the processor
 * time of each time (ns): what a tick of the memory watch cannot do without. NUM 0: it only wakes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>

#define PER_SECOND 10u
#define MAX_NUM 1024u

static int find_largest(const char *pid, uint64_t *start, uint64_t *length)
{
	char path[64], line[512];
	uint64_t from, to;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	if (maps == NULL)
		return -1;
	*length = 0;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " rw", &from, &to) != 2 ||
		    to - from <= *length)
			continue;
		*start = from;
		*length = to - from;
	}
	fclose(maps);
	return *length ? 0 : -1;
}

static int64_t used_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = 1000000000 / PER_SECOND};
	static struct iovec to[MAX_NUM], from[MAX_NUM];
	static uint64_t values[MAX_NUM];
	uint64_t start, length;
	unsigned int num, times;
	int64_t before_ns;

	if (argc != 5 || find_largest(argv[2], &start, &length) < 0) {
		fprintf(stderr, "usage: scatter NAME PID NUM SECONDS\n");
		return 2;
	}
	num = (unsigned int)strtoul(argv[3], NULL, 10);
	times = (unsigned int)strtoul(argv[4], NULL, 10) * PER_SECOND;
	if (num > MAX_NUM || times == 0)
		return 2;
	for (unsigned int i = 0; i < num; i++) {
		uint64_t at = start + length / num * i + i * 64;

		to[i] = (struct iovec){&values[i], sizeof(values[i])};
		/* Aligned, so that none lies on two pages. */
		from[i] = (struct iovec){(void *)(uintptr_t)(at & ~UINT64_C(7)), sizeof(values[i])};
	}
	before_ns = used_ns();
	for (unsigned int i = 0; i < times; i++) {
		nanosleep(&pause, NULL);
		if (num && process_vm_readv((pid_t)strtol(argv[2], NULL, 10), to, num, from, num,
					    0) != (ssize_t)(num * sizeof(values[0]))) {
			perror("process_vm_readv");
			return 1;
		}
	}
	printf("%s %" PRId64 "\n", argv[1], (used_ns() - before_ns) / times);
	return 0;
}
