// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/settings.h"

#include <string.h>

#include "kernel/modules.h"

#define GUEST_MODULE_NMI_READY "oopsbt_nmi_handler_ready"
#define GUEST_MODULE_NMI_ON "oopsbt_nmi_backtrace"

static struct maybe_int read_int(const struct kernel *kernel, enum kernel_symbol symbol)
{
	int32_t value;

	if (!kernel_read_variable(kernel, symbol, &value, sizeof(value), NULL))
		return (struct maybe_int){0};
	return (struct maybe_int){.known = true, .value = value};
}

static struct maybe_int read_long(const struct kernel *kernel, enum kernel_symbol symbol)
{
	int64_t value;

	if (!kernel_read_variable(kernel, symbol, &value, sizeof(value), NULL))
		return (struct maybe_int){0};
	return (struct maybe_int){.known = true, .value = value};
}

/* A bit of the masks in include/linux/sys_info.h. */
#define SYS_INFO_ALL_BT 0x40

static struct maybe_int read_oops_all_cpu_backtrace(const struct kernel *kernel)
{
	struct maybe_int sysctl = read_int(kernel, SYMBOL_sysctl_oops_all_cpu_backtrace);
	struct maybe_int mask = read_long(kernel, SYMBOL_oops_si_mask);

	if (mask.known && mask.value & SYS_INFO_ALL_BT)
		return (struct maybe_int){.known = true, .value = 1};
	return sysctl;
}

static struct maybe_int read_unknown_nmi_backtrace(const struct kernel *kernel)
{
	struct maybe_int mask = read_long(kernel, SYMBOL_unknown_nmi_si_mask);

	if (mask.known)
		return (struct maybe_int){.known = true, .value = mask.value != 0};
	return read_int(kernel, SYMBOL_unknown_nmi_backtrace);
}

static bool is_on(const struct kernel *kernel, gva_t address)
{
	uint32_t value;

	return address_space_read_u32(&kernel->space, address, &value, NULL) && value;
}

static bool is_one(const struct kernel *kernel, gva_t address)
{
	uint32_t value;

	return address_space_read_u32(&kernel->space, address, &value, NULL) && value == 1;
}

/* The address of the module's parameter, if its NMI handler is registered. */
static gva_t module_nmi_switch(const struct kernel *kernel, const struct kernel_module *module)
{
	gva_t ready, on;

	if (module_find_symbol(kernel, module, GUEST_MODULE_NMI_READY, &ready, NULL) &&
	    is_one(kernel, ready) &&
	    module_find_symbol(kernel, module, GUEST_MODULE_NMI_ON, &on, NULL))
		return on;
	return gva(0);
}

void settings_find_reporter(const struct kernel *kernel, struct settings *settings)
{
	const struct kernel_module *module =
		kernel->modules ? modules_find_name(kernel->modules, GUEST_MODULE) : NULL;

	settings->nmi_switch = gva(kernel->map->symbols[SYMBOL_unknown_nmi_si_mask]);
	if (!settings->nmi_switch.value)
		settings->nmi_switch = gva(kernel->map->symbols[SYMBOL_unknown_nmi_backtrace]);
	if (kernel->map->symbols[SYMBOL_oops_notifier_list]) {
		settings->reporter = OOPS_REPORTER_BUILT_IN;
	} else if (module) {
		settings->reporter = OOPS_REPORTER_MODULE;
		if (!settings->nmi_switch.value)
			settings->nmi_switch = module_nmi_switch(kernel, module);
	} else {
		settings->reporter = kernel->modules ? OOPS_REPORTER_NONE : OOPS_REPORTER_UNKNOWN;
	}
	settings->nmi_handler = settings->nmi_switch.value && is_on(kernel, settings->nmi_switch);
}

void settings_read(const struct kernel *kernel, struct settings *settings)
{
	*settings = (struct settings){
		.panic_cpu = read_int(kernel, SYMBOL_panic_cpu),
		.panic_on_oops = read_int(kernel, SYMBOL_panic_on_oops),
		.oops_all_cpu_backtrace = read_oops_all_cpu_backtrace(kernel),
		.unknown_nmi_backtrace = read_unknown_nmi_backtrace(kernel),
		.unknown_nmi_panic = read_int(kernel, SYMBOL_unknown_nmi_panic),
		.panic_on_unrecovered_nmi = read_int(kernel, SYMBOL_panic_on_unrecovered_nmi),
		.die_counter = read_int(kernel, SYMBOL_die_counter),
		.tainted_mask = read_long(kernel, SYMBOL_tainted_mask),
		.cpus_online = read_int(kernel, SYMBOL___num_online_cpus),
	};
}

uint64_t kernel_location(const struct kernel *kernel, gva_t address)
{
	struct mapping mapping;

	if (!address.value || !address_space_translate(&kernel->space, address, &mapping, NULL))
		return 0;
	return mapping.address.value;
}

uint64_t kernel_variable_location(const struct kernel *kernel, enum kernel_symbol symbol)
{
	return kernel_location(kernel, gva(kernel->map->symbols[symbol]));
}

char *taint_letters(uint64_t taint)
{
	/* taint_flags[] in kernel/panic.c. "G" is omitted: it only says that bit 0 is clear. */
	static const char letters[] = "PFSRMBUDAWCIOELKXTNJ";
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < sizeof(letters) - 1; i++) {
		if (taint >> i & 1)
			g_string_append_c(text, letters[i]);
	}
	return g_string_free(text, FALSE);
}
