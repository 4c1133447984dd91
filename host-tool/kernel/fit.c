// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fit.h"

const char *vcpu_fit_reason(enum vcpu_fit fit)
{
	static const char *const reasons[NUM_VCPU_FITS] = {
		[VCPU_NOT_64_BIT] = "is not in 64-bit mode: not started, or in firmware",
		[VCPU_IN_SMM] = "is in system management mode, so in firmware",
		[VCPU_OTHER_PAGE_TABLES] =
			"has page tables that do not map this kernel: it runs another kernel "
			"(kexec), a nested guest, or firmware",
		[VCPU_OTHER_GDT] = "has a GDT that is not of this kernel: it runs another kernel "
				   "(kexec) or a nested guest",
		[VCPU_TWIN] = "claims to be the same CPU as another vCPU",
	};

	return reasons[fit];
}
