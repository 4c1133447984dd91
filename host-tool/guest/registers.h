/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU registers from the text of QEMU's monitor command `info registers -a`
 * (target/i386/cpu-dump.c, QEMU 7.2 to 10.x).
 */
#ifndef OOPSBT_GUEST_REGISTERS_H
#define OOPSBT_GUEST_REGISTERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/address.h"
#include "guest/x86_64/vcpu_registers.h"

#define MAX_VCPUS 4096

enum register_kind {
	REGISTER_HEX, /* uint64_t */
	REGISTER_SEGMENT,
	REGISTER_NUMBER, /* unsigned int */
	REGISTER_FLAG,	 /* bool */
};

/* A member of struct vcpu_registers, for code that shows all of them. */
struct register_field {
	const char *name;
	enum register_kind kind;
	size_t offset;
};
const struct register_field *vcpu_register_fields(size_t *num_fields);

/* Formats the registers as the kernel does; @place is the text for the PC. Free with g_free(). */
char *vcpu_registers_text(const struct vcpu_registers *registers, const char *place);

/* Is it in 64-bit long mode with paging on? oopsbt reads memory in this state only. */
bool vcpu_in_long_mode(const struct vcpu_registers *registers);
/* Has it paging on without 64-bit mode, as a 32-bit system has? */
bool vcpu_in_32_bit_paging(const struct vcpu_registers *registers);
/* False also if the mode is unknown. */
bool vcpu_in_user_mode(const struct vcpu_registers *registers);
gva_t vcpu_pc(const struct vcpu_registers *registers);
gva_t vcpu_sp(const struct vcpu_registers *registers);
bool vcpu_five_level_paging(const struct vcpu_registers *registers);

#define REGISTERS_ERROR (registers_error_quark())
GQuark registers_error_quark(void);
enum registers_error {
	REGISTERS_ERROR_TEXT, /* incomplete, garbled, or not register text */
};

/*
 * Array of struct vcpu_registers in the order of the text; free with g_array_unref(). Incomplete or
 * garbled text is an error that names the vCPU. 16- and 32-bit modes print shorter registers; these
 * are accepted (and vcpu_in_long_mode() is false).
 */
GArray *registers_parse(const char *text, GError **error);

#endif
