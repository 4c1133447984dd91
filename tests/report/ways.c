// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ways DUMP: finds the kernel in an ELF dump of a Linux guest, with less and less to start from.
 * One line for each way: its name, "found" or what was said instead, and the milliseconds it took.
 * What is found must be the same kernel, with the same page tables, each time; the status says so.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest/dump_file.h"
#include "kernel/find.h"

#define MAX_PAGES 65536
#define LOW_MEMORY (1u << 20)
#define CR0_PAGING (1ull << 31)
#define CR3_USER_BIT (1ull << 12)

struct dump {
	struct dump_file *file;
	bool hide_low_memory;
};

static bool read_dump(void *user_data, gpa_t address, void *buffer, size_t length, GError **error)
{
	struct dump *dump = user_data;

	if (!guest_memory_read(dump_file_memory(dump->file), address, buffer, length, error))
		return false;
	if (dump->hide_low_memory && address.value < LOW_MEMORY)
		memset(buffer, 0, MIN(length, LOW_MEMORY - address.value));
	return true;
}

static void no_idt(struct vcpu_registers *vcpu)
{
	vcpu->idt.base = 0;
	vcpu->idt.limit = 0;
}

/* In user mode with page-table isolation; without it this bit leads to a page of anything. */
static void in_user_mode(struct vcpu_registers *vcpu)
{
	no_idt(vcpu);
	vcpu->cpl = 3;
	vcpu->rip = 0x401000;
	vcpu->cr3 |= CR3_USER_BIT;
}

/* As of a nested guest, or of firmware. */
static void foreign(struct vcpu_registers *vcpu)
{
	in_user_mode(vcpu);
	vcpu->cr3 = 0x5000;
}

static void not_paging(struct vcpu_registers *vcpu)
{
	foreign(vcpu);
	vcpu->cr0 &= ~CR0_PAGING;
}

static const struct way {
	const char *name;
	void (*change)(struct vcpu_registers *vcpu);
	bool hide_low_memory;
} ways[] = {
	{"as-it-is", NULL, false},	    {"no-idt", no_idt, false},
	{"user-mode", in_user_mode, false}, {"foreign", foreign, false},
	{"not-paging", not_paging, false},  {"scan", not_paging, true},
};

static struct kernel_map *find(struct dump *dump, const struct way *way)
{
	g_autoptr(GArray) vcpus = g_array_copy(dump_file_registers(dump->file));
	size_t count;
	const struct guest_extent *extents =
		guest_memory_extents(dump_file_memory(dump->file), &count);
	g_autoptr(GuestMemory) memory =
		guest_memory_new_function(read_dump, dump, extents, count, NULL);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, MAX_PAGES);
	gint64 before = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;
	struct kernel_map *map;

	dump->hide_low_memory = way->hide_low_memory;
	for (guint i = 0; way->change && i < vcpus->len; i++)
		way->change(&g_array_index(vcpus, struct vcpu_registers, i));
	map = kernel_find(snapshot, vcpus, &error);
	printf("%s: %s (%d ms)\n", way->name, map ? "found" : error->message,
	       (int)((g_get_monotonic_time() - before) / 1000));
	return map;
}

int main(int argc, char **argv)
{
	g_autoptr(GBytes) truth = NULL;
	g_autoptr(GError) error = NULL;
	struct dump dump = {0};
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int status = 0;

	dump.file = fd < 0 ? NULL : dump_file_open(fd, &error);
	if (!dump.file) {
		fprintf(stderr, "ways: cannot read the dump\n");
		return 2;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autoptr(KernelMap) map = find(&dump, &ways[i]);
		g_autoptr(GBytes) bytes = map ? kernel_map_to_bytes(map) : NULL;

		if (!truth)
			truth = bytes ? g_bytes_ref(bytes) : NULL;
		if (!bytes || !g_bytes_equal(bytes, truth)) {
			printf("%s: not what was found first\n", ways[i].name);
			status = 1;
		}
	}
	dump_file_free(dump.file);
	close(fd);
	return status;
}
