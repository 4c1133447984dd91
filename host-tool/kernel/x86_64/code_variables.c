// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/code_variables.h"

#include <capstone/capstone.h>

#define MAX_FUNCTION 4096u
#define MAX_PLACES 64
#define MAX_CPU 65536
/* Each is an oops that the guest survived. */
#define MAX_OOPSES 100000
#define TAINT_DIE ((uint64_t)1 << 7)
/* The distance that timekeeper_read() tries first: the sequence count without lockdep. */
#define BEFORE_TIMEKEEPER 8

enum {
	GET_TAINT,
	TEST_TAINT,
	DIE_HEADER,
	DIE,
	NMI_PANIC,
	PANIC_TRY_START,
	KTIME_GET_SECONDS,
	NUM_FUNCTIONS
};

static const char *const function_names[NUM_FUNCTIONS] = {
	[GET_TAINT] = "get_taint",
	[TEST_TAINT] = "test_taint",
	[DIE_HEADER] = "__die_header",
	[DIE] = "__die",
	[NMI_PANIC] = "nmi_panic",
	[PANIC_TRY_START] = "panic_try_start",
	[KTIME_GET_SECONDS] = "ktime_get_seconds",
};

/* An address in the kernel's data that a function's code uses, and the kinds of access. */
struct place {
	uint64_t address;
	unsigned int size; /* bytes */
	bool read, written, exchanged;
};

struct places {
	struct place all[MAX_PLACES];
	unsigned int num;
};

struct reader {
	const struct image *image;
	const struct address_space *space;
	const struct kernel_map *map;
	csh capstone;
	uint64_t functions[NUM_FUNCTIONS]; /* 0: not in this kernel */
};

/* Resolves an operand with a fixed address, relative to the instruction or absolute. */
static bool fixed_address(const cs_insn *instruction, const cs_x86_op *op, uint64_t *address)
{
	const x86_op_mem *memory = &op->mem;

	if (op->type != X86_OP_MEM || memory->index != X86_REG_INVALID ||
	    memory->segment == X86_REG_GS || memory->segment == X86_REG_FS ||
	    (memory->base != X86_REG_RIP && memory->base != X86_REG_INVALID))
		return false;
	*address = (uint64_t)memory->disp;
	if (memory->base == X86_REG_RIP)
		*address += instruction->address + instruction->size;
	return true;
}

static bool is_data(const struct reader *reader, uint64_t address, unsigned int size)
{
	const uint64_t *symbols = reader->map->symbols;

	return size && image_has(reader->image, address, size) && address % size == 0 &&
	       (address < symbols[SYMBOL__stext] || address >= symbols[SYMBOL__etext]);
}

static struct place *place_at(struct places *places, uint64_t address, unsigned int size)
{
	for (unsigned int i = 0; i < places->num; i++) {
		if (places->all[i].address == address && places->all[i].size == size)
			return &places->all[i];
	}
	if (places->num == MAX_PLACES)
		return NULL;
	places->all[places->num] = (struct place){.address = address, .size = size};
	return &places->all[places->num++];
}

static void add_places(const struct reader *reader, const cs_insn *instruction,
		       struct places *places)
{
	const cs_x86 *x86 = &instruction->detail->x86;

	if (instruction->id == X86_INS_LEA || instruction->id == X86_INS_NOP)
		return;
	for (uint8_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];
		struct place *place;
		uint64_t address;

		if (!fixed_address(instruction, op, &address) ||
		    !is_data(reader, address, op->size))
			continue;
		place = place_at(places, address, op->size);
		if (!place)
			return;
		place->read |= (op->access & CS_AC_READ) != 0;
		place->written |= (op->access & CS_AC_WRITE) != 0;
		place->exchanged |= instruction->id == X86_INS_CMPXCHG;
	}
}

/* Reads up to the next function. Code that does not decode gives no variables. */
static bool read_function(const struct reader *reader, unsigned int function, struct places *places)
{
	uint64_t address = reader->functions[function];
	const uint8_t *bytes;
	struct symbol symbol;
	cs_insn *instruction;
	size_t left;

	*places = (struct places){.num = 0};
	if (!address ||
	    !kallsyms_lookup(&reader->map->kallsyms, reader->space, gva(address), &symbol, NULL) ||
	    symbol.start.value != address)
		return false;
	left = MIN(symbol.size, MAX_FUNCTION);
	if (!left || !image_has(reader->image, address, left))
		return false;
	bytes = reader->image->bytes + (address - reader->image->start.value);
	instruction = cs_malloc(reader->capstone);
	while (cs_disasm_iter(reader->capstone, &bytes, &left, &address, instruction))
		add_places(reader, instruction, places);
	cs_free(instruction, 1);
	return true;
}

static uint64_t value_at(const struct reader *reader, const struct place *place)
{
	size_t offset = place->address - reader->image->start.value;

	return place->size == 8 ? image_u64(reader->image, offset)
				: image_u32(reader->image, offset);
}

/* The only place that @is accepts; NULL: none, or several. */
static const struct place *only(const struct places *places, bool (*is)(const struct place *place))
{
	const struct place *found = NULL;

	for (unsigned int i = 0; i < places->num; i++) {
		if (!is(&places->all[i]))
			continue;
		if (found)
			return NULL;
		found = &places->all[i];
	}
	return found;
}

static bool is_read_word(const struct place *place)
{
	return place->size == 8 && place->read;
}

static bool is_counter(const struct place *place)
{
	return place->size == 4 && place->read && place->written;
}

static bool is_exchanged(const struct place *place)
{
	return place->size == 4 && place->exchanged;
}

static uint64_t find_tainted_mask(const struct reader *reader)
{
	struct places get, test, both = {.num = 0};
	const struct place *place;

	if (!read_function(reader, GET_TAINT, &get) || !read_function(reader, TEST_TAINT, &test))
		return 0;
	for (unsigned int i = 0; i < get.num; i++) {
		for (unsigned int j = 0; j < test.num; j++) {
			if (get.all[i].address == test.all[j].address)
				both.all[both.num++] = get.all[i];
		}
	}
	place = only(&both, is_read_word);
	return place && !(value_at(reader, place) >> 32) ? place->address : 0;
}

static bool fits_taint(const struct reader *reader, uint64_t oopses)
{
	uint64_t taint = reader->map->symbols[SYMBOL_tainted_mask];
	struct place place = {.address = taint, .size = 8};

	/* The kernel sets the flag a little after the count, and a user may set it. */
	return oopses == 0 || !taint || oopses == 1 || value_at(reader, &place) & TAINT_DIE;
}

static uint64_t find_die_counter(const struct reader *reader)
{
	unsigned int function = reader->functions[DIE_HEADER] ? DIE_HEADER : DIE;
	const struct place *place;
	struct places places;

	if (!read_function(reader, function, &places))
		return 0;
	place = only(&places, is_counter);
	if (!place || value_at(reader, place) > MAX_OOPSES ||
	    !fits_taint(reader, value_at(reader, place)))
		return 0;
	return place->address;
}

static uint64_t find_panic_cpu(const struct reader *reader)
{
	unsigned int function = reader->functions[PANIC_TRY_START] ? PANIC_TRY_START : NMI_PANIC;
	const struct place *place;
	struct places places;

	if (!read_function(reader, function, &places))
		return 0;
	place = only(&places, is_exchanged);
	if (!place || (value_at(reader, place) != UINT32_MAX && value_at(reader, place) > MAX_CPU))
		return 0;
	return place->address;
}

static uint64_t find_tk_core(const struct reader *reader)
{
	const int32_t *fields = reader->map->fields;
	const struct place *place;
	struct places places;
	int32_t before = fields[FIELD_tk_data_timekeeper];

	if (fields[FIELD_timekeeper_ktime_sec] == FIELD_UNKNOWN ||
	    !read_function(reader, KTIME_GET_SECONDS, &places))
		return 0;
	if (before == FIELD_UNKNOWN)
		before = BEFORE_TIMEKEEPER;
	place = only(&places, is_read_word);
	return place ? place->address - (uint64_t)fields[FIELD_timekeeper_ktime_sec] -
			       (uint64_t)before
		     : 0;
}

static void set(struct kernel_map *map, enum kernel_symbol symbol, uint64_t address)
{
	if (!map->symbols[symbol])
		map->symbols[symbol] = address;
}

void code_variables(const struct image *image, const struct address_space *space,
		    struct kernel_map *map)
{
	struct reader reader = {.image = image, .space = space, .map = map};

	if (!kallsyms_resolve(&map->kallsyms, space, function_names, NUM_FUNCTIONS,
			      reader.functions, NULL) ||
	    cs_open(CS_ARCH_X86, CS_MODE_64, &reader.capstone) != CS_ERR_OK)
		return;
	cs_option(reader.capstone, CS_OPT_DETAIL, CS_OPT_ON);
	set(map, SYMBOL_tainted_mask, find_tainted_mask(&reader));
	set(map, SYMBOL_die_counter, find_die_counter(&reader));
	set(map, SYMBOL_panic_cpu, find_panic_cpu(&reader));
	if (!map->symbols[SYMBOL_timekeeper_data])
		set(map, SYMBOL_tk_core, find_tk_core(&reader));
	cs_close(&reader.capstone);
}
