/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The build ID of an ELF file: its note NT_GNU_BUILD_ID, which the linker computes from the
 * content. Here it is text, lower-case hexadecimal digits, as in report.json.
 */
#ifndef OOPSBT_LINES_BUILD_ID_H
#define OOPSBT_LINES_BUILD_ID_H

#include <glib.h>
#include <stdbool.h>

/* Is @text (may be NULL) a valid build ID? It becomes a part of paths and URLs. */
bool build_id_is_plain(const char *text);

struct elf_facts {
	char *build_id; /* NULL: none */
	bool has_dwarf; /* has a non-empty .debug_info */
};

/*
 * Reads the facts of the open file @fd, which may be compressed as a whole (.ko.xz). False: it is
 * not ELF. Call elf_facts_clear() in any case.
 */
bool elf_facts_read(struct elf_facts *facts, int fd);
void elf_facts_clear(struct elf_facts *facts);
typedef struct elf_facts ElfFacts;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ElfFacts, elf_facts_clear)

#endif
