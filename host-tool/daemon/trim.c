/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/trim.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that were never writable have no content beyond their file. */
static int trim_object(struct dl_phdr_info *info, size_t size, void *user_data)
{
	uintptr_t page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;

	(void)size;
	(void)user_data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		uintptr_t end = start + segment->p_filesz;

		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W))
			continue;
		start &= ~page_mask;
		end = (end + page_mask) & ~page_mask;
		madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void trim_code(void)
{
	dl_iterate_phdr(trim_object, NULL);
	malloc_trim(0);
}
