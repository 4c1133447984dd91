/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers and backtraces of report.json in the format of report.txt, which is the kernel's. */
#ifndef OOPSBT_PLUGIN_TRACE_H
#define OOPSBT_PLUGIN_TRACE_H

#include <json-glib/json-glib.h>

/* @vcpu: one of the report; prints the registers that it has. */
void trace_append_registers(GString *text, JsonObject *vcpu);

/* Those at a fault: @regs is the member regs of the report's fault. */
void trace_append_fault_registers(GString *text, const char *indent, JsonObject *regs);

/* @frames: may be NULL. */
void trace_append(GString *text, JsonArray *frames);

/* "symbol+0x1/0x2 [module]", or the address. */
void trace_append_symbol(GString *text, JsonObject *frame);

#endif
