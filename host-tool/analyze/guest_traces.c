// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/guest_traces.h"

#include <string.h>

#include "kernel/nmi-log.h"

static struct report_vcpu *vcpu_of(struct report *report, unsigned int cpu)
{
	for (guint i = 0; i < report->vcpus->len; i++) {
		struct report_vcpu *vcpu = &g_array_index(report->vcpus, struct report_vcpu, i);

		if (vcpu->cpu.known && vcpu->cpu.value == cpu)
			return vcpu;
	}
	return NULL;
}

static bool in_kernel(const struct frame *frame)
{
	return frame->stack != STACK_USER;
}

/* The position in a loop's innermost function varies; the callers stay the same. */
static bool same_frame(const struct frame *frame, const char *other, bool innermost)
{
	const struct resolved_symbol *symbol = &frame->symbol;
	g_autofree char *text = resolved_symbol_text(symbol, frame->pc.value);
	size_t length = strlen(text);

	if (innermost && symbol->name) {
		length = strlen(symbol->name);
		return !strncmp(other, symbol->name, length) && other[length] == '+';
	}
	/* Other text may follow the module's name. */
	return !strncmp(other, text, symbol->module ? length - 1 : length);
}

/* Compares from the outermost frame inwards, since outer frames change last. */
static char *difference(const struct report_vcpu *vcpu, const struct nmi_backtrace *guest)
{
	guint ours = vcpu->frames->len;
	guint theirs = guest->frames->len;

	while (ours && !in_kernel(&g_array_index(vcpu->frames, struct frame, ours - 1)))
		ours--;
	for (; ours && theirs; ours--, theirs--) {
		const char *other = g_ptr_array_index(guest->frames, theirs - 1);

		if (!same_frame(&g_array_index(vcpu->frames, struct frame, ours - 1), other,
				ours == 1))
			return g_strdup_printf("when the guest took it, frame %u was %s", ours - 1,
					       other);
	}
	if (!ours && !theirs)
		return NULL;
	return g_strdup_printf("when the guest took it, there were %u frames %s", MAX(ours, theirs),
			       theirs ? "more" : "less");
}

static void add(struct report_vcpu *vcpu, const struct nmi_backtrace *backtrace)
{
	g_free(vcpu->guest_frames);
	g_free(vcpu->disagreement);
	vcpu->disagreement = NULL;
	if (backtrace->idle) {
		vcpu->guest_frames = g_strdup("idle");
		if (vcpu->context != REPORT_CONTEXT_IDLE)
			vcpu->disagreement = g_strdup("when the guest took it, the CPU was idle");
		return;
	}
	g_ptr_array_add(backtrace->frames, NULL);
	vcpu->guest_frames = g_strjoinv("\n", (char **)backtrace->frames->pdata);
	g_ptr_array_remove_index(backtrace->frames, backtrace->frames->len - 1);
	/* A CPU in user mode has no kernel frames to show. */
	if (vcpu->context != REPORT_CONTEXT_USER || backtrace->frames->len)
		vcpu->disagreement = difference(vcpu, backtrace);
}

/* An older backtrace belongs to another event. */
#define MAX_AGE_NS (30ull * 1000 * 1000 * 1000)

static uint64_t last_old_record(const GArray *records, uint64_t after)
{
	uint64_t newest =
		records->len
			? g_array_index(records, struct printk_record, records->len - 1).time_ns
			: 0;

	for (guint i = 0; i < records->len; i++) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i);

		if (record->time_ns + MAX_AGE_NS < newest)
			after = MAX(after, record->sequence);
	}
	return after;
}

void guest_traces_add(struct report *report, const GArray *records, uint64_t after)
{
	g_autoptr(GArray) backtraces =
		nmi_backtraces_find(records, last_old_record(records, after));

	for (guint i = 0; i < backtraces->len; i++) {
		const struct nmi_backtrace *backtrace =
			&g_array_index(backtraces, struct nmi_backtrace, i);
		struct report_vcpu *vcpu = vcpu_of(report, backtrace->cpu);

		if (vcpu)
			add(vcpu, backtrace);
	}
}
