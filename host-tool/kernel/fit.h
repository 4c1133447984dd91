/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a vCPU run the kernel of a map? Memory alone cannot tell: a guest may have started another
 * kernel by kexec and kept the old one (kdump). A vCPU may be in system management mode, in
 * firmware, or have the registers of a nested guest. The map's symbols are wrong for such a vCPU.
 * See struct arch for the check.
 */
#ifndef OOPSBT_KERNEL_FIT_H
#define OOPSBT_KERNEL_FIT_H

#include "guest/registers.h"

enum vcpu_fit {
	VCPU_FITS,
	VCPU_NOT_64_BIT, /* firmware, a boot loader, or not started */
	VCPU_IN_SMM,	 /* system management mode: firmware */
	VCPU_OTHER_PAGE_TABLES,
	VCPU_OTHER_GDT,
	VCPU_TWIN, /* another vCPU claims the same CPU number */
	NUM_VCPU_FITS
};

/* Without a map: can the vCPU run a 64-bit kernel at all? */
enum vcpu_fit vcpu_fit_mode(const struct vcpu_registers *registers);

/* "is in system management mode, so in firmware"; static. NULL for VCPU_FITS. */
const char *vcpu_fit_reason(enum vcpu_fit fit);

#endif
