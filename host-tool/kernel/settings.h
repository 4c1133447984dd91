/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel variables that decide what happens on an oops, a panic and an NMI, and the code in
 * this guest that reports oopses to the host.
 */
#ifndef OOPSBT_KERNEL_SETTINGS_H
#define OOPSBT_KERNEL_SETTINGS_H

#include "base/maybe.h"
#include "kernel/kernel.h"

/* How the guest signals an oops. */
enum oops_reporter {
	OOPS_REPORTER_NONE,
	OOPS_REPORTER_MODULE,	/* oopsbt_pvpanic.ko (guest-kernel-patch/module) */
	OOPS_REPORTER_BUILT_IN, /* the kernel series' notifier chain */
	OOPS_REPORTER_UNKNOWN,	/* not built in, and the modules cannot be read */
};

struct settings {
	struct maybe_int panic_cpu; /* -1: not panicking */
	struct maybe_int panic_on_oops;
	struct maybe_int oops_all_cpu_backtrace; /* the sysctl, or all_bt in oops_sys_info */
	/* The sysctl. A kernel with unknown_nmi_sys_info instead: 1 if that is not zero. */
	struct maybe_int unknown_nmi_backtrace;
	struct maybe_int unknown_nmi_panic, panic_on_unrecovered_nmi;
	struct maybe_int die_counter, tainted_mask;
	struct maybe_int cpus_online;
	enum oops_reporter reporter;
	gva_t nmi_switch; /* the variable that switches the handler of a host NMI; 0: none */
	bool nmi_handler; /* a handler of host NMIs is present and switched on */
};

/* The guest module and its documented variables (guest-kernel-patch/module/README.md). */
#define GUEST_MODULE "oopsbt_pvpanic"

/* Reads the variables that this kernel has; the others stay unknown. */
void settings_read(const struct kernel *kernel, struct settings *settings);

/* Finds what signals oopses and what handles an NMI. Looks into the modules if they are loaded. */
void settings_find_reporter(const struct kernel *kernel, struct settings *settings);

/* Guest-physical address of a kernel address; 0: not mapped, or @address is 0. */
uint64_t kernel_location(const struct kernel *kernel, gva_t address);

/*
 * Guest-physical address of a variable, so that it can be read again without this layer; 0:
 * unknown.
 */
uint64_t kernel_variable_location(const struct kernel *kernel, enum kernel_symbol symbol);

/*
 * The letters of the set bits in a taint word (kernel/panic.c), such as "GDOE". Free with g_free().
 */
char *taint_letters(uint64_t taint);

#endif
