// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/module_layout.h"

#include <elf.h>

/* No configuration of struct module has more bytes before or after one of its members. */
#define BEFORE 0x800u
#define MODULE_BYTES (2 * BEFORE)
#define MAX_MODULE_SIZE (128u << 20)
#define MAX_MODULE_SYMBOLS (1u << 17)
#define NAME_SIZE 56

/* enum mod_mem_type */
#define NUM_RANGES 7
#define TEXT 0
#define DATA 1
/* struct module_layout and struct module_memory begin with an address */
#define LAYOUT_SIZE 8
#define LAYOUT_TEXT_SIZE 12
#define LAYOUT_RO_SIZE 16
#define LAYOUT_USED 20
/* struct mod_kallsyms */
#define KALLSYMS_NUM 8
#define KALLSYMS_STRINGS 16
#define KALLSYMS_USED 24
/* struct mod_arch_specific */
#define ARCH_ORC_IP 8
#define ARCH_ORC 16
#define ARCH_USED 24

struct module_bytes {
	const struct address_space *space;
	uint64_t start; /* of @bytes; the list entry is BEFORE bytes further */
	uint8_t bytes[MODULE_BYTES];
	struct {
		uint64_t start, size;
	} ranges[NUM_RANGES]; /* of the module's memory */
	uint64_t text, text_size;
};

/* The forms of struct module_memory: with and without a tree for finding modules. */
struct memory_form {
	uint8_t size; /* offset of the range's size */
	uint8_t stride;
};

static const struct memory_form memory_forms[] = {
	{8, 72},  {8, 16},  /* 6.4 to 6.12 */
	{20, 80}, {20, 24}, /* 6.13 to 6.15: rw_copy and is_rox */
	{12, 72}, {12, 16}, /* from 6.16 on: is_rox */
};

typedef bool (*holds_fn)(const struct module_bytes *module, size_t offset);

static uint64_t u64_at(const struct module_bytes *module, size_t offset)
{
	uint64_t value;

	memcpy(&value, module->bytes + offset, sizeof(value));
	return value;
}

static uint32_t u32_at(const struct module_bytes *module, size_t offset)
{
	return (uint32_t)u64_at(module, offset);
}

static bool in_module(const struct module_bytes *module, uint64_t address, uint64_t length)
{
	for (size_t i = 0; i < NUM_RANGES; i++) {
		uint64_t offset = address - module->ranges[i].start;

		if (offset < module->ranges[i].size && length <= module->ranges[i].size - offset)
			return true;
	}
	return false;
}

static bool holds_layout(const struct module_bytes *module, size_t offset)
{
	uint64_t base = u64_at(module, offset);
	uint32_t size = u32_at(module, offset + LAYOUT_SIZE);
	uint32_t text = u32_at(module, offset + LAYOUT_TEXT_SIZE);
	uint32_t ro = u32_at(module, offset + LAYOUT_RO_SIZE);

	return base % GUEST_PAGE_SIZE == 0 && size <= MAX_MODULE_SIZE && text && text <= ro &&
	       ro <= size && module->start + BEFORE - base < size;
}

static bool is_name_character(uint8_t character)
{
	return g_ascii_isalnum(character) || character == '_';
}

static bool points_to(const struct module_bytes *module, size_t offset, const char *name)
{
	uint64_t address = u64_at(module, offset);
	char text[NAME_SIZE + 1] = "";
	size_t size = strlen(name) + 1;

	return address >> 63 && address_space_peek(module->space, gva(address), text, size, NULL) &&
	       !memcmp(text, name, size);
}

static bool holds_name(const struct module_bytes *module, size_t offset)
{
	const uint8_t *bytes = module->bytes + offset;
	size_t length = 0;

	while (length < NAME_SIZE && is_name_character(bytes[length]))
		length++;
	if (!length || length == NAME_SIZE)
		return false;
	for (size_t i = length; i < NAME_SIZE; i++) {
		if (bytes[i])
			return false;
	}
	/* A string's end is not an empty string. */
	if (offset && is_name_character(bytes[-1]))
		return false;
	for (size_t at = 0; at + 8 <= MODULE_BYTES; at += 8) {
		if (points_to(module, at, (const char *)bytes))
			return true;
	}
	return false;
}

static bool is_kallsyms(const struct module_bytes *module, size_t offset)
{
	static const Elf64_Sym none;
	uint64_t symbols = u64_at(module, offset);
	uint32_t num = u32_at(module, offset + KALLSYMS_NUM);
	uint64_t strings = u64_at(module, offset + KALLSYMS_STRINGS);
	Elf64_Sym first;
	char nul;

	return num && num <= MAX_MODULE_SYMBOLS && in_module(module, symbols, num * sizeof(none)) &&
	       in_module(module, strings, 1) &&
	       address_space_peek(module->space, gva(symbols), &first, sizeof(first), NULL) &&
	       !memcmp(&first, &none, sizeof(none)) &&
	       address_space_peek(module->space, gva(strings), &nul, 1, NULL) && !nul;
}

static bool holds_kallsyms(const struct module_bytes *module, size_t offset)
{
	uint64_t at = u64_at(module, offset) - module->start;

	return at % 8 == 0 && at < MODULE_BYTES - KALLSYMS_USED && is_kallsyms(module, at);
}

static bool holds_orc(const struct module_bytes *module, size_t offset)
{
	uint64_t num = u32_at(module, offset);
	uint64_t ips = u64_at(module, offset + ARCH_ORC_IP);
	uint64_t entries = u64_at(module, offset + ARCH_ORC);
	int32_t first;

	if (!num || !in_module(module, ips, 4 * num) ||
	    !in_module(module, entries, ORC_ENTRY_SIZE * num) ||
	    !address_space_peek(module->space, gva(ips), &first, sizeof(first), NULL))
		return false;
	return ips + (uint64_t)(int64_t)first - module->text < module->text_size;
}

static int32_t only_offset(const struct module_bytes *module, holds_fn holds, size_t size,
			   size_t alignment)
{
	int32_t found = FIELD_UNKNOWN;

	for (size_t offset = 0; offset + size <= MODULE_BYTES; offset += alignment) {
		if (!holds(module, offset))
			continue;
		if (found != FIELD_UNKNOWN)
			return FIELD_UNKNOWN;
		found = (int32_t)offset;
	}
	return found;
}

/* Each range is whole pages or empty; the first is text, the second contains the structure. */
static bool holds_memory(const struct module_bytes *module, size_t offset,
			 const struct memory_form *form)
{
	if (offset + (size_t)NUM_RANGES * form->stride > MODULE_BYTES)
		return false;
	for (size_t i = 0; i < NUM_RANGES; i++) {
		size_t at = offset + i * form->stride;
		uint64_t base = u64_at(module, at);
		uint32_t size = u32_at(module, at + form->size);

		if (base % GUEST_PAGE_SIZE || size > MAX_MODULE_SIZE || !base != !size ||
		    (i <= DATA && !base) || (i == DATA && module->start + BEFORE - base >= size))
			return false;
	}
	return true;
}

/* Finds the offset and the form of mem[]. */
static int32_t find_memory(const struct module_bytes *module, struct memory_form *form)
{
	int32_t found = FIELD_UNKNOWN;

	for (size_t i = 0; i < G_N_ELEMENTS(memory_forms); i++) {
		for (size_t offset = 0; offset + 8 <= MODULE_BYTES; offset += 8) {
			if (!holds_memory(module, offset, &memory_forms[i]))
				continue;
			if (found != FIELD_UNKNOWN)
				return FIELD_UNKNOWN;
			found = (int32_t)offset;
			*form = memory_forms[i];
		}
	}
	return found;
}

static bool read_first(const struct kernel_map *map, const struct address_space *space,
		       struct module_bytes *module)
{
	uint64_t head = map->symbols[SYMBOL_modules], first;

	*module = (struct module_bytes){.space = space};
	if (!head || !address_space_read_u64(space, gva(head), &first, NULL) || first == head)
		return false;
	module->start = first - BEFORE;
	return address_space_peek_mapped(space, gva(module->start), module->bytes, MODULE_BYTES,
					 NULL);
}

/* Infers the module's memory, and the fields for that. */
static bool infer_place(struct module_bytes *module, int32_t *fields)
{
	struct memory_form form = memory_forms[0];
	int32_t core = only_offset(module, holds_layout, LAYOUT_USED + 4, 8);
	int32_t memory = find_memory(module, &form);

	if ((core == FIELD_UNKNOWN) == (memory == FIELD_UNKNOWN))
		return false;
	if (core != FIELD_UNKNOWN) {
		module->text = module->ranges[0].start = u64_at(module, (size_t)core);
		module->ranges[0].size = u32_at(module, (size_t)core + LAYOUT_SIZE);
		module->text_size = u32_at(module, (size_t)core + LAYOUT_TEXT_SIZE);
		fields[FIELD_module_core_layout] = core;
		fields[FIELD_module_layout_base] = 0;
		fields[FIELD_module_layout_size] = LAYOUT_SIZE;
		fields[FIELD_module_layout_text_size] = LAYOUT_TEXT_SIZE;
		return true;
	}
	for (size_t i = 0; i < NUM_RANGES; i++) {
		size_t at = (size_t)memory + i * form.stride;

		module->ranges[i].start = u64_at(module, at);
		module->ranges[i].size = u32_at(module, at + form.size);
	}
	module->text = module->ranges[TEXT].start;
	module->text_size = module->ranges[TEXT].size;
	fields[FIELD_module_mem] = memory;
	fields[FIELD_module_memory_base] = 0;
	fields[FIELD_module_memory_size] = form.size;
	fields[SIZE_module_memory] = form.stride;
	return true;
}

static void infer_orc(const struct module_bytes *module, int32_t *fields)
{
	int32_t arch = only_offset(module, holds_orc, ARCH_USED, 8);

	if (arch == FIELD_UNKNOWN)
		return;
	fields[FIELD_module_arch] = arch;
	fields[FIELD_module_arch_num_orcs] = 0;
	fields[FIELD_module_arch_orc_ip] = ARCH_ORC_IP;
	fields[FIELD_module_arch_orc] = ARCH_ORC;
}

bool module_layout_infer(struct kernel_map *map, const struct address_space *space)
{
	g_autofree struct module_bytes *module = g_new0(struct module_bytes, 1);
	int32_t fields[NUM_KERNEL_FIELDS];

	memcpy(fields, map->fields, sizeof(fields));
	if (!read_first(map, space, module) || !infer_place(module, fields))
		return false;
	fields[FIELD_module_list] = BEFORE;
	fields[FIELD_module_name] = only_offset(module, holds_name, NAME_SIZE, 1);
	fields[FIELD_module_kallsyms] = only_offset(module, holds_kallsyms, 8, 8);
	if (fields[FIELD_module_name] == FIELD_UNKNOWN ||
	    fields[FIELD_module_kallsyms] == FIELD_UNKNOWN)
		return false;
	fields[FIELD_mod_kallsyms_symtab] = 0;
	fields[FIELD_mod_kallsyms_num_symtab] = KALLSYMS_NUM;
	fields[FIELD_mod_kallsyms_strtab] = KALLSYMS_STRINGS;
	infer_orc(module, fields);
	memcpy(map->fields, fields, sizeof(fields));
	return true;
}
