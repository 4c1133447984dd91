// SPDX-License-Identifier: GPL-2.0-or-later
/* The call before a return address: tells a return address from other words. */
#include <string.h>

#include "kernel/resolve.h"
#include "kernel/x86_64/rules.h"

#define DIRECT_CALL 0xe8 /* followed by 4 bytes: the distance from the end of the instruction */
#define DIRECT_CALL_LENGTH 5
#define INDIRECT_CALL 0xff	 /* with 2 as the register of the ModRM byte */
#define INDIRECT_CALL_MAX 7	 /* bytes: with a SIB byte and a displacement of 4 bytes */
#define NO_INDEX_REGISTER_BASE 5 /* without a displacement by `mod`: 4 bytes come all the same */

/* The length of the indirect call at @code; 0: there is none. Intel SDM vol. 2A, 2.1.5. */
static size_t indirect_call_length(const uint8_t code[3])
{
	static const size_t displacement[] = {0, 1, 4, 0};
	unsigned int mod = code[1] >> 6, memory = code[1] & 7;
	bool sib = mod != 3 && memory == 4;

	if (code[0] != INDIRECT_CALL || (code[1] >> 3 & 7) != 2)
		return 0;
	if (mod == 0 && (sib ? code[2] & 7 : memory) == NO_INDEX_REGISTER_BASE)
		return 2 + sib + 4;
	return 2 + sib + displacement[mod];
}

bool follows_call(const struct walk *walk, gva_t address)
{
	uint8_t code[INDIRECT_CALL_MAX + 1] = {0};

	if (!address_space_read(&walk->kernel->space, gva(address.value - INDIRECT_CALL_MAX), code,
				INDIRECT_CALL_MAX, NULL, NULL))
		return false;
	for (size_t length = 2; length <= INDIRECT_CALL_MAX; length++) {
		if (indirect_call_length(code + INDIRECT_CALL_MAX - length) == length)
			return true;
	}
	return code[INDIRECT_CALL_MAX - DIRECT_CALL_LENGTH] == DIRECT_CALL;
}

bool follows_call_of(const struct walk *walk, gva_t address, gva_t function)
{
	uint8_t code[DIRECT_CALL_LENGTH];
	int32_t distance;

	if (!address_space_read(&walk->kernel->space, gva(address.value - DIRECT_CALL_LENGTH), code,
				sizeof(code), NULL, NULL))
		return false;
	memcpy(&distance, code + 1, sizeof(distance));
	return code[0] == DIRECT_CALL &&
	       address.value + (uint64_t)(int64_t)distance == function.value;
}

bool find_function(const struct walk *walk, gva_t pc, gva_t *function)
{
	struct resolved_symbol symbol;
	bool named;

	kernel_resolve(walk->kernel, pc, &symbol);
	named = symbol.name != NULL;
	*function = gva(pc.value - symbol.offset);
	resolved_symbol_clear(&symbol);
	return named;
}

void return_rule(gva_t slot, struct rule *rule)
{
	rule->kind = RULE_CALL;
	rule_memory(rule, REGISTER_PC, slot.value);
	rule_value(rule, REGISTER_SP, slot.value + 8);
	rule_same(rule, REGISTER_FP);
}
