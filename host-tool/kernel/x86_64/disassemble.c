// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/disassemble.h"

#include <capstone/capstone.h>
#include <inttypes.h>
#include <string.h>

/* The maximum number of bytes before pc at which to start decoding. */
#define MAX_RESYNC 64
/* A string instruction may have moved on; its operand is the current place. */
#define WORD_SIZE 8

static bool open_capstone(csh *handle)
{
	if (cs_open(CS_ARCH_X86, CS_MODE_64, handle) != CS_ERR_OK)
		return false;
	cs_option(*handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	cs_option(*handle, CS_OPT_DETAIL, CS_OPT_ON);
	return true;
}

/* Bytes of the instruction at @offset; 1 if it is not an instruction. */
static size_t decode(csh handle, const struct code *code, size_t offset, cs_insn *instruction,
		     bool *valid)
{
	const uint8_t *bytes = code->bytes + offset;
	size_t left = code->length - offset;
	uint64_t address = code->start.value + offset;

	*valid = cs_disasm_iter(handle, &bytes, &left, &address, instruction);
	return *valid ? instruction->size : 1;
}

static bool reaches(csh handle, const struct code *code, size_t from, size_t to,
		    cs_insn *instruction)
{
	bool valid = true;

	while (from < to && valid)
		from += decode(handle, code, from, instruction, &valid);
	return valid && from == to;
}

/*
 * Finds a start from which an instruction begins at pc: the start of the function if it is known,
 * else the furthest place that works. Decoding of x86 code synchronises itself.
 */
static size_t find_start(csh handle, const struct code *code, size_t pc, cs_insn *instruction)
{
	size_t from = pc > MAX_RESYNC ? pc - MAX_RESYNC : 0;

	if (code->starts_clean && reaches(handle, code, 0, pc, instruction))
		return 0;
	while (from < pc && !reaches(handle, code, from, pc, instruction))
		from++;
	return from;
}

static bool has_group(const cs_insn *instruction, uint8_t group)
{
	for (uint8_t i = 0; i < instruction->detail->groups_count; i++)
		if (instruction->detail->groups[i] == group)
			return true;
	return false;
}

static struct maybe_uint branch_target(const cs_insn *instruction)
{
	const cs_x86 *x86 = &instruction->detail->x86;

	if ((!has_group(instruction, CS_GRP_CALL) && !has_group(instruction, CS_GRP_JUMP)) ||
	    x86->op_count != 1 || x86->operands[0].type != X86_OP_IMM)
		return (struct maybe_uint){0};
	return (struct maybe_uint){true, (uint64_t)x86->operands[0].imm};
}

static void add_instruction(GArray *instructions, const struct code *code, size_t offset,
			    const cs_insn *found, bool valid)
{
	struct instruction *instruction;

	g_array_set_size(instructions, instructions->len + 1);
	instruction = &g_array_index(instructions, struct instruction, instructions->len - 1);
	instruction->address = gva_add(code->start, offset);
	instruction->at_fault = instruction->address.value == code->pc.value;
	instruction->length = valid ? MIN(found->size, INSTRUCTION_MAX) : 1;
	memcpy(instruction->bytes, code->bytes + offset, instruction->length);
	if (!valid) {
		instruction->text = g_strdup_printf(".byte 0x%02x", code->bytes[offset]);
		return;
	}
	instruction->text = g_strdup_printf("%s%s%s", found->mnemonic, found->op_str[0] ? " " : "",
					    found->op_str);
	instruction->target = branch_target(found);
}

static void disassemble_around(csh handle, const struct code *code, size_t pc, unsigned int before,
			       unsigned int after, GArray *instructions)
{
	cs_insn *found = cs_malloc(handle);
	size_t offset = find_start(handle, code, pc, found);
	guint behind = 0;

	while (offset < code->length && behind <= after) {
		bool valid;
		size_t size = decode(handle, code, offset, found, &valid);

		/* The bytes end within this instruction. */
		if (!valid && offset > pc && code->length - offset < INSTRUCTION_MAX)
			break;
		if (offset <= pc && instructions->len > before)
			g_array_remove_index(instructions, 0);
		add_instruction(instructions, code, offset, found, valid);
		behind += offset >= pc;
		offset += size;
	}
	cs_free(found, 1);
}

GArray *disassemble(const struct code *code, unsigned int before, unsigned int after)
{
	GArray *instructions = instructions_new();
	uint64_t pc = code->pc.value - code->start.value;
	csh handle;

	if (pc >= code->length || !open_capstone(&handle))
		return instructions;
	disassemble_around(handle, code, pc, before, after, instructions);
	cs_close(&handle);
	return instructions;
}

/* --- where an address came from --- */

struct operand {
	uint64_t address;
	GString *text; /* "RAX (0x0) + RCX (0x2) * 8 + 0x10" */
	bool known;
};

/* The value of a register in an address: 64 bits, or the low 32; @name is capstone's. */
static bool register_value(csh handle, x86_reg reg, const GArray *registers, uint64_t *value,
			   char **label)
{
	const char *name = cs_reg_name(handle, reg);
	g_autofree char *whole = NULL;
	bool half;

	if (!name)
		return false;
	half = name[0] == 'e' || (name[0] == 'r' && g_str_has_suffix(name, "d"));
	whole = g_strdup(name);
	if (name[0] == 'e')
		whole[0] = 'r';
	else if (half)
		whole[strlen(whole) - 1] = '\0';
	if (!named_register_find(registers, whole, value))
		return false;
	if (half)
		*value = (uint32_t)*value;
	*label = g_ascii_strup(name, -1);
	return true;
}

static void add_register(struct operand *operand, csh handle, x86_reg reg, int scale,
			 const GArray *registers)
{
	g_autofree char *label = NULL;
	uint64_t value;

	if (reg == X86_REG_INVALID || !operand->known)
		return;
	operand->known = register_value(handle, reg, registers, &value, &label);
	if (!operand->known)
		return;
	operand->address += value * (uint64_t)scale;
	g_string_append_printf(operand->text, "%s%s (0x%" PRIx64 ")",
			       operand->text->len ? " + " : "", label, value);
	if (scale > 1)
		g_string_append_printf(operand->text, " * %d", scale);
}

static void add_displacement(struct operand *operand, int64_t displacement)
{
	uint64_t size = displacement < 0 ? -(uint64_t)displacement : (uint64_t)displacement;

	operand->address += (uint64_t)displacement;
	if (!displacement && operand->text->len)
		return;
	g_string_append_printf(operand->text, "%s%s0x%" PRIx64, operand->text->len ? " " : "",
			       displacement < 0	    ? "- "
			       : operand->text->len ? "+ "
						    : "",
			       size);
}

/* Only the bases of FS and GS can differ from 0. */
static void add_segment(struct operand *operand, x86_reg segment, const GArray *registers)
{
	const char *name = segment == X86_REG_GS ? "gs_base" : "fs_base";
	uint64_t base;

	if (segment != X86_REG_GS && segment != X86_REG_FS)
		return;
	operand->known = operand->known && named_register_find(registers, name, &base);
	if (!operand->known)
		return;
	operand->address += base;
	g_string_append_printf(operand->text, "%s (0x%" PRIx64 ")",
			       segment == X86_REG_GS ? "GS" : "FS", base);
}

static void make_operand(csh handle, const cs_insn *instruction, const x86_op_mem *memory,
			 const GArray *registers, bool placed, struct operand *operand)
{
	*operand = (struct operand){.text = g_string_new(NULL)};
	operand->known = placed || memory->base != X86_REG_RIP;
	add_segment(operand, memory->segment, registers);
	if (memory->base == X86_REG_RIP)
		operand->address += instruction->address + instruction->size;
	else
		add_register(operand, handle, memory->base, 1, registers);
	add_register(operand, handle, memory->index, memory->scale, registers);
	add_displacement(operand, memory->disp);
	/* A RIP-relative address is fixed: no register's value explains it. */
	if (memory->base == X86_REG_RIP && operand->known)
		g_string_printf(operand->text, "0x%" PRIx64 ", fixed in the instruction",
				operand->address);
}

static bool is_canonical(uint64_t address)
{
	return address >> 47 == 0 || address >> 47 == UINT64_MAX >> 47;
}

static const char *access_words(uint8_t access)
{
	if (access == CS_AC_WRITE)
		return "which this instruction writes";
	if (access == CS_AC_READ)
		return "which this instruction reads";
	return "the operand of this instruction";
}

/* Instructions that name an address but do not access it. */
static bool touches_nothing(const cs_insn *instruction)
{
	return instruction->id == X86_INS_LEA || instruction->id == X86_INS_NOP;
}

static char *explain_operand(csh handle, const cs_insn *instruction, const cs_x86_op *op,
			     const GArray *registers, bool placed, struct maybe_uint address)
{
	struct operand operand;
	char *words = NULL;
	uint64_t size = op->size ? op->size : WORD_SIZE;

	if (op->type != X86_OP_MEM || touches_nothing(instruction))
		return NULL;
	make_operand(handle, instruction, &op->mem, registers, placed, &operand);
	if (operand.known && address.known && address.value - operand.address < size)
		words = g_strdup_printf("address 0x%" PRIx64 " = %s, %s", operand.address,
					operand.text->str, access_words(op->access));
	else if (operand.known && !address.known && !is_canonical(operand.address))
		words = g_strdup_printf("%s = 0x%" PRIx64 " is not a canonical address",
					operand.text->str, operand.address);
	g_string_free(operand.text, TRUE);
	return words;
}

static char *explain_stack(const cs_insn *instruction, const GArray *registers,
			   struct maybe_uint address)
{
	bool pushes = instruction->id == X86_INS_PUSH || has_group(instruction, CS_GRP_CALL);
	bool pops = instruction->id == X86_INS_POP || has_group(instruction, CS_GRP_RET);
	uint64_t sp;

	if (!(pushes || pops) || !address.known || !named_register_find(registers, "rsp", &sp))
		return NULL;
	if (address.value - (pushes ? sp - WORD_SIZE : sp) >= WORD_SIZE)
		return NULL;
	return g_strdup_printf("address 0x%" PRIx64 " = RSP (0x%" PRIx64 ")%s, the stack",
			       pushes ? sp - WORD_SIZE : sp, sp, pushes ? " - 0x8" : "");
}

static char *explain_division(csh handle, const cs_insn *instruction, const GArray *registers,
			      struct maybe_uint address)
{
	const cs_x86_op *op = &instruction->detail->x86.operands[0];
	g_autofree char *label = NULL;
	uint64_t value;

	if ((instruction->id != X86_INS_DIV && instruction->id != X86_INS_IDIV) || address.known ||
	    op->type != X86_OP_REG || !register_value(handle, op->reg, registers, &value, &label) ||
	    value)
		return NULL;
	return g_strdup_printf("%s (0x0) is the divisor", label);
}

static char *explain_instruction(csh handle, const cs_insn *instruction, const GArray *registers,
				 bool placed, struct maybe_uint address)
{
	const cs_x86 *x86 = &instruction->detail->x86;
	char *words = NULL;

	for (uint8_t i = 0; !words && i < x86->op_count; i++)
		words = explain_operand(handle, instruction, &x86->operands[i], registers, placed,
					address);
	if (!words)
		words = explain_stack(instruction, registers, address);
	return words ? words : explain_division(handle, instruction, registers, address);
}

char *explain_address(const struct code *code, const GArray *registers, struct maybe_uint address)
{
	uint64_t pc = code->pc.value - code->start.value;
	char *words = NULL;
	cs_insn *found;
	bool valid;
	csh handle;

	if (code->placed && address.known && address.value == code->pc.value)
		return g_strdup_printf("address 0x%" PRIx64 " = RIP: the CPU was sent there to run",
				       address.value);
	if (pc >= code->length || !open_capstone(&handle))
		return NULL;
	found = cs_malloc(handle);
	decode(handle, code, pc, found, &valid);
	if (valid)
		words = explain_instruction(handle, found, registers, code->placed, address);
	cs_free(found, 1);
	cs_close(&handle);
	return words;
}
