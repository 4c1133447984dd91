// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bend FILE SEED OUTPUT: writes a damaged copy of a core. SEED chooses the damage: a truncated
 * file, changed headers, notes or pages, moved or repeated parts.
 */
#include <elf.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bent {
	GRand *random;
	uint8_t *bytes;
	gsize length;
};

static gsize below(struct bent *core, gsize limit)
{
	return limit ? g_rand_int(core->random) % limit : 0;
}

static void change(struct bent *core, gsize start, gsize length)
{
	gsize at = start + below(core, length);
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	if (at < core->length)
		core->bytes[at] = below(core, 2) ? edges[below(core, sizeof(edges))]
						 : (uint8_t)g_rand_int(core->random);
}

static Elf64_Phdr *header(struct bent *core, gsize i)
{
	return (Elf64_Phdr *)(core->bytes + sizeof(Elf64_Ehdr)) + i;
}

/* Replaces a 64-bit word of a program header by a harmful value. */
static void change_segment(struct bent *core)
{
	const uint64_t words[] = {0,
				  1,
				  core->length,
				  core->length - 1,
				  UINT64_MAX,
				  UINT64_MAX - 0xfff,
				  1ull << 63,
				  0xffffffff,
				  g_rand_int(core->random)};
	Elf64_Half count = ((Elf64_Ehdr *)core->bytes)->e_phnum;
	uint64_t *fields = (uint64_t *)header(core, below(core, count));

	fields[1 + below(core, 6)] = words[below(core, G_N_ELEMENTS(words))];
}

static void change_notes(struct bent *core)
{
	Elf64_Half count = ((Elf64_Ehdr *)core->bytes)->e_phnum;

	for (gsize i = 0; i < count; i++) {
		if (header(core, i)->p_type == PT_NOTE)
			change(core, header(core, i)->p_offset, header(core, i)->p_filesz);
	}
}

static void repeat(struct bent *core)
{
	gsize length = below(core, MIN(core->length / 2, 65536));
	gsize from = below(core, core->length - length);
	gsize to = below(core, core->length - length);

	memmove(core->bytes + to, core->bytes + from, length);
}

static void bend(struct bent *core, unsigned int seed)
{
	unsigned int times = 1u << seed % 7;

	for (unsigned int i = 0; i < times; i++) {
		switch (seed % 6) {
		case 0:
			core->length = below(core, core->length) + 1;
			return;
		case 1:
			change(core, 0, sizeof(Elf64_Ehdr) + 56 * 64);
			break;
		case 2:
			change_segment(core);
			break;
		case 3:
			change_notes(core);
			break;
		case 4:
			change(core, 0, core->length);
			break;
		default:
			repeat(core);
			break;
		}
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	struct bent core = {0};
	unsigned int seed;

	if (argc != 4 ||
	    !g_file_get_contents(argv[1], (char **)&core.bytes, &core.length, &error)) {
		fprintf(stderr, "bend: %s\n", error ? error->message : "see the head of bend.c");
		return 2;
	}
	if (core.length < 65536 || memcmp(core.bytes, ELFMAG, SELFMAG)) {
		fprintf(stderr, "bend: %s is no core\n", argv[1]);
		return 2;
	}
	seed = (unsigned int)atoi(argv[2]);
	core.random = g_rand_new_with_seed(seed);
	bend(&core, seed);
	if (!g_file_set_contents(argv[3], (char *)core.bytes, (gssize)core.length, &error)) {
		fprintf(stderr, "bend: %s\n", error->message);
		return 2;
	}
	g_rand_free(core.random);
	g_free(core.bytes);
	return 0;
}
