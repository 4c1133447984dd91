// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/switch.h"

#include "kernel/x86_64/registers.h"

bool x86_64_load_switched_out(struct walk *walk, gva_t sp)
{
	static const enum x86_64_register order[] = {
		X86_64_R15, X86_64_R14, X86_64_R13, X86_64_R12, X86_64_RBX, X86_64_RBP, X86_64_RIP,
	};
	uint64_t words[G_N_ELEMENTS(order)];

	if (!walk_read(walk, sp, words, sizeof(words)))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
		register_put(&walk->registers, order[i], words[i]);
	register_put(&walk->registers, X86_64_RSP, sp.value + sizeof(words));
	return true;
}
