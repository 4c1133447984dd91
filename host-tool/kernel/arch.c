// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/arch.h"

const struct arch *kernel_arch(const struct kernel *kernel G_GNUC_UNUSED)
{
	return &arch_x86_64;
}
