/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build_id.h"

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <string.h>

#define MIN_DIGITS 8
#define MAX_DIGITS 128

bool build_id_is_plain(const char *text)
{
	size_t length = text ? strspn(text, "0123456789abcdef") : 0;

	return text && text[length] == '\0' && length >= MIN_DIGITS && length <= MAX_DIGITS &&
	       length % 2 == 0;
}

static char *hexadecimal(const unsigned char *bytes, size_t length)
{
	GString *text = g_string_sized_new(2 * length);

	for (size_t i = 0; i < length; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

static bool has_dwarf(Elf *elf)
{
	size_t names;
	Elf_Scn *section = NULL;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name && header.sh_size > 0 &&
		    (strcmp(name, ".debug_info") == 0 || strcmp(name, ".zdebug_info") == 0))
			return true;
	}
	return false;
}

bool elf_facts_read(struct elf_facts *facts, int fd)
{
	Elf *elf;
	const void *bytes;
	ssize_t length;
	bool good;

	*facts = (struct elf_facts){0};
	elf_version(EV_CURRENT);
	elf = dwelf_elf_begin(fd);
	good = elf && elf_kind(elf) == ELF_K_ELF;
	if (good) {
		length = dwelf_elf_gnu_build_id(elf, &bytes);
		if (length > 0)
			facts->build_id = hexadecimal(bytes, (size_t)length);
		facts->has_dwarf = has_dwarf(elf);
	}
	if (elf)
		elf_end(elf);
	return good;
}

void elf_facts_clear(struct elf_facts *facts)
{
	g_clear_pointer(&facts->build_id, g_free);
}
