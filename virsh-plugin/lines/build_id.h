/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build ID of an ELF file: the bytes of its note NT_GNU_BUILD_ID, which the linker makes of the
 * contents. Here it is text, lower-case hexadecimal digits, as in report.json.
 */
#ifndef OOPSBT_LINES_BUILD_ID_H
#define OOPSBT_LINES_BUILD_ID_H

#include <glib.h>
#include <stdbool.h>

/* Whether @text, which may be NULL, can be one: it becomes a part of paths and of URLs. */
bool build_id_is_plain(const char *text);

struct elf_facts {
	char *build_id; /* NULL: it has none */
	bool has_dwarf; /* .debug_info with something in it */
};

/*
 * Of the file that @fd is open on, which may be compressed as a whole (.ko.xz). False: it is not
 * ELF. elf_facts_clear(), also after false.
 */
bool elf_facts_read(struct elf_facts *facts, int fd);
void elf_facts_clear(struct elf_facts *facts);
typedef struct elf_facts ElfFacts;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ElfFacts, elf_facts_clear)

#endif
