/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

static void vcpu_clear(struct report_vcpu *vcpu)
{
	g_free(vcpu->task.comm);
	g_free(vcpu->task.state);
	g_free(vcpu->stack_task.comm);
	g_free(vcpu->stack_task.state);
	g_free(vcpu->lock_symbol);
	g_free(vcpu->stopped);
	g_free(vcpu->guest_frames);
	g_free(vcpu->disagreement);
	g_clear_pointer(&vcpu->frames, g_array_unref);
}

static void sleeper_clear(struct report_sleeper *sleeper)
{
	g_free(sleeper->task.comm);
	g_free(sleeper->task.state);
	g_free(sleeper->lock_symbol);
	g_free(sleeper->waits_in);
	g_free(sleeper->stopped);
	g_clear_pointer(&sleeper->frames, g_array_unref);
}

static void chain_clear(struct report_chain *chain)
{
	g_clear_pointer(&chain->tasks, g_array_unref);
	g_free(chain->text);
}

static void module_clear(struct report_module *module)
{
	g_free(module->name);
	g_free(module->taint);
	g_free(module->build_id);
}

static void fault_clear(struct report_fault *fault)
{
	resolved_symbol_clear(&fault->symbol);
	g_free(fault->explanation);
	g_free(fault->code_difference);
	g_free(fault->register_difference);
	g_clear_pointer(&fault->registers, g_array_unref);
	g_clear_pointer(&fault->code.bytes, g_byte_array_unref);
	g_clear_pointer(&fault->guest_code.bytes, g_byte_array_unref);
	g_clear_pointer(&fault->instructions, g_array_unref);
}

static void left_out_clear(struct report_left_out *left_out)
{
	g_free(left_out->comm);
	g_free(left_out->title);
}

static void log_record_clear(struct report_log_record *record)
{
	g_free(record->text);
}

static void disk_clear(struct report_disk *disk)
{
	g_free(disk->name);
}

static GArray *array_new(guint element_size, GDestroyNotify clear)
{
	GArray *array = g_array_new(FALSE, TRUE, element_size);

	g_array_set_clear_func(array, clear);
	return array;
}

struct report *report_new(void)
{
	struct report *report = g_new0(struct report, 1);

	report->collection.errors = report_errors_new();
	report->vcpus = array_new(sizeof(struct report_vcpu), (GDestroyNotify)vcpu_clear);
	report->left_out =
		array_new(sizeof(struct report_left_out), (GDestroyNotify)left_out_clear);
	report->tasks.shown =
		array_new(sizeof(struct report_sleeper), (GDestroyNotify)sleeper_clear);
	report->tasks.readers = array_new(sizeof(guint), NULL);
	report->tasks.chains = array_new(sizeof(struct report_chain), (GDestroyNotify)chain_clear);
	report->tasks.disks = array_new(sizeof(struct report_disk), (GDestroyNotify)disk_clear);
	report->modules = array_new(sizeof(struct report_module), (GDestroyNotify)module_clear);
	report->log = array_new(sizeof(struct report_log_record), (GDestroyNotify)log_record_clear);
	report->errors = report_errors_new();
	return report;
}

void report_free(struct report *report)
{
	if (report == NULL)
		return;
	report_collection_clear(&report->collection);
	g_free(report->title);
	g_free(report->fingerprint);
	blame_clear(&report->culprit);
	g_free(report->verdict.text);
	g_free(report->guest.release);
	g_free(report->guest.version);
	g_free(report->guest.build_id);
	g_free(report->guest.taint_letters);
	g_free(report->guest.oops_signal);
	g_free(report->guest.command_line);
	g_clear_pointer(&report->guest.livepatches, g_ptr_array_unref);
	fault_clear(&report->fault);
	g_free(report->oops.kind);
	g_free(report->oops.earlier_dump);
	g_free(report->oops.comm);
	g_free(report->oops.function);
	g_free(report->oops.module);
	g_free(report->oops.where);
	g_free(report->complaint.kind);
	g_array_unref(report->vcpus);
	g_array_unref(report->left_out);
	g_array_unref(report->tasks.shown);
	g_array_unref(report->tasks.readers);
	g_array_unref(report->tasks.chains);
	g_array_unref(report->tasks.disks);
	g_array_unref(report->modules);
	g_free(report->log_source);
	g_array_unref(report->log);
	g_ptr_array_unref(report->errors);
	g_free(report);
}

const struct report_vcpu *report_find_cpu(const struct report *report, const struct maybe_int *cpu)
{
	for (guint i = 0; cpu->known && i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);

		if (vcpu->cpu.known && vcpu->cpu.value == cpu->value)
			return vcpu;
	}
	return NULL;
}

void report_add_error(struct report *report, const char *field, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(report->errors, report_error_new(field, message));
}

const char *report_context_name(enum report_context context)
{
	switch (context) {
	case REPORT_CONTEXT_USER:
		return "user";
	case REPORT_CONTEXT_IDLE:
		return "idle";
	case REPORT_CONTEXT_KERNEL:
		return "kernel";
	case REPORT_CONTEXT_FOREIGN:
		return "foreign";
	case REPORT_CONTEXT_UNKNOWN:
		break;
	}
	return "unknown";
}
