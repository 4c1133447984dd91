/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * publish FOLDER ROUNDS: makes a store with 10 dumps of a domain, and one with 4990 of other
 * domains beside these, in FOLDER. Each round stores one more dump of the domain in each of them.
 * Prints "publish.10" or "publish.5000" and the time (us) of what the collection still does when
 * the dump is durable: store_vacuum(), which removes the oldest. With ".begin": store_begin(),
 * before; with
 * ".copy" and ".copy.processor": store_publish(), which oopsbtd does in a thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/store.h"

#define UUID "11111111-1111-4111-8111-11111111%04u"
#define KEEP 10u
#define MANY 5000u
#define OTHERS 49u /* domains */

static bool filling;

/* The dumps that are there before need not survive a crash. */
int fsync(int fd)
{
	return filling ? 0 : fdatasync(fd);
}

static void stop(const GError *error)
{
	fprintf(stderr, "publish: %s\n", error->message);
	exit(EXIT_FAILURE);
}

static void add(struct store *store, unsigned int num, unsigned int domain)
{
	static const char *const files[] = {"report.txt", "core", "dmesg.txt", "registers.txt",
					    "report.json"};
	g_autofree char *uuid = g_strdup_printf(UUID, domain);
	g_autofree char *json = g_strdup_printf(
		"{\"schema\":1,\"title\":\"t\",\"domain\":{\"name\":\"vm%u\",\"uuid\":\"%s\"}}",
		domain, uuid);
	g_autofree char *name = g_strdup_printf("vm%u", domain);
	g_autoptr(GError) error = NULL;
	gint64 begin_us = g_get_monotonic_time();
	struct store_dump *dump = store_begin(store, uuid, name, &error);

	if (!filling)
		printf("publish.%u.begin %" G_GINT64_FORMAT "\n", num,
		       g_get_monotonic_time() - begin_us);
	for (size_t i = 0; dump && i < G_N_ELEMENTS(files); i++) {
		int fd = store_dump_create(dump, files[i], &error);

		if (fd < 0 || write(fd, json, strlen(json)) < 0)
			stop(error);
	}
	if (!dump || !store_dump_commit(dump, NULL, &error))
		stop(error);
}

static struct store *fill(const char *folder, unsigned int num)
{
	g_autofree char *root = g_strdup_printf("%s/%u", folder, num);
	struct store *store = store_new(root);

	filling = true;
	for (unsigned int i = 0; i < num; i++)
		add(store, num, i < KEEP ? 0 : 1 + i % OTHERS);
	filling = false;
	store_publish(store);
	return store;
}

static void measure(struct store *store, unsigned int num)
{
	g_autofree char *uuid = g_strdup_printf(UUID, 0u);
	g_autoptr(GError) error = NULL;
	gint64 begin_us, removed_us;
	clock_t begin;

	add(store, num, 0);
	begin_us = g_get_monotonic_time();
	if (!store_vacuum(store, uuid, KEEP, &error))
		stop(error);
	removed_us = g_get_monotonic_time();
	begin = clock();
	store_publish(store);
	printf("publish.%u.copy.processor %ld\n", num,
	       (clock() - begin) * 1000000 / CLOCKS_PER_SEC);
	printf("publish.%u.copy %" G_GINT64_FORMAT "\n", num, g_get_monotonic_time() - removed_us);
	printf("publish.%u %" G_GINT64_FORMAT "\n", num, removed_us - begin_us);
}

int main(int argc, char **argv)
{
	struct store *few, *many;

	if (argc != 3) {
		fprintf(stderr, "usage: publish FOLDER ROUNDS\n");
		return 2;
	}
	few = fill(argv[1], KEEP);
	many = fill(argv[1], MANY);
	for (int i = atoi(argv[2]); i > 0; i--) {
		measure(few, KEEP);
		measure(many, MANY);
	}
	store_free(few);
	store_free(many);
	return EXIT_SUCCESS;
}
