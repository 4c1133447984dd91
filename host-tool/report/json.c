/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.json; its schema is host-tool/report.md. */
#include "report/report.h"

#include "report/json_fault.h"
#include "report/json_frame.h"
#include "report/json_left_out.h"
#include "report/json_tasks.h"
#include "report/json_writer.h"
#include "report/moment.h"

static void number(struct json_writer *writer, const char *name, const struct maybe_int *number)
{
	if (number->known)
		json_integer(writer, name, number->value);
	else
		json_null(writer, name);
}

static void address(struct json_writer *writer, const char *name, const struct maybe_uint *address)
{
	if (address->known)
		json_hex(writer, name, address->value);
	else
		json_null(writer, name);
}

static void write_culprit(struct json_writer *w, const struct blame *culprit)
{
	json_begin_array(w, "culprit", JSON_PACKED);
	for (guint i = 0; i < BLAME_FUNCTIONS && culprit->functions[i]; i++)
		json_string(w, NULL, culprit->functions[i]);
	json_end_array(w);
}

static void write_head(struct json_writer *w, const struct report *report)
{
	const struct report_collection *collection = &report->collection;

	json_integer(w, "schema", REPORT_SCHEMA);
	json_string(w, "id", collection->id);
	json_string(w, "title", report->title);
	json_begin_object(w, "domain", JSON_SPREAD);
	json_string(w, "name", collection->domain_name);
	json_string(w, "uuid", collection->domain_uuid);
	json_end_object(w);
	json_string(w, "signal", collection->signal);
	json_string(w, "incident", collection->incident);
	json_string(w, "fingerprint", report->fingerprint);
	write_culprit(w, &report->culprit);
	json_left_out_alike(w, report);
	if (collection->evidence) {
		json_begin_object(w, "stall", JSON_SPREAD);
		number(w, "cpu", &collection->stalled_cpu);
		json_string(w, "evidence", collection->evidence);
		json_string(w, "phase", collection->phase);
		json_end_object(w);
	}
	if (report->verdict.text) {
		json_begin_object(w, "verdict", JSON_SPREAD);
		json_string(w, "blame", report->verdict.blame);
		json_string(w, "text", report->verdict.text);
		json_end_object(w);
	}
	json_begin_object(w, "timeline", JSON_SPREAD);
	json_string(w, "signalled", collection->signalled);
	json_string(w, "frozen", collection->frozen);
	json_string(w, "thawed", collection->thawed);
	json_string(w, "stored", collection->stored);
	number(w, "freeze_us", &collection->freeze_us);
	json_boolean(w, "deferred", collection->deferred);
	json_end_object(w);
	json_begin_object(w, "nmi", JSON_SPREAD);
	json_string(w, "result", collection->nmi);
	json_string(w, "reason", collection->nmi_reason);
	json_end_object(w);
	json_begin_object(w, "collector", JSON_SPREAD);
	json_string(w, "host", collection->host);
	json_string(w, "hypervisor", collection->hypervisor);
	json_string(w, "version", collection->tool_version);
	json_string(w, "memory", collection->memory_source);
	json_end_object(w);
}

static void write_wall_clock(struct json_writer *w, const struct report *report)
{
	g_autofree char *when =
		report->guest.wall_us.known ? moment_format(report->guest.wall_us.value) : NULL;
	struct maybe_int offset = moment_clock_offset_us(report);

	json_string(w, "wall_clock", when);
	number(w, "clock_offset_us", &offset);
}

static void write_strings(struct json_writer *w, const char *name, const GPtrArray *strings)
{
	if (!strings) {
		json_null(w, name);
		return;
	}
	json_begin_array(w, name, JSON_PACKED);
	for (guint i = 0; i < strings->len; i++)
		json_string(w, NULL, strings->pdata[i]);
	json_end_array(w);
}

static void write_guest(struct json_writer *w, const struct report *report)
{
	const struct report_guest *guest = &report->guest;

	json_begin_object(w, "guest", JSON_SPREAD);
	json_string(w, "release", guest->release);
	json_string(w, "version", guest->version);
	json_string(w, "build_id", guest->build_id);
	address(w, "kaslr_offset", &guest->kaslr_offset);
	address(w, "taint", &guest->taint);
	json_string(w, "taint_letters", guest->taint_letters);
	number(w, "uptime_s", &guest->uptime_s);
	write_wall_clock(w, report);
	json_string(w, "command_line", guest->command_line);
	write_strings(w, "livepatches", guest->livepatches);
	number(w, "cpus_online", &guest->cpus_online);
	number(w, "panic_on_oops", &guest->panic_on_oops);
	number(w, "oops_all_cpu_backtrace", &guest->oops_all_cpu_backtrace);
	number(w, "unknown_nmi_backtrace", &guest->unknown_nmi_backtrace);
	number(w, "unknown_nmi_panic", &guest->unknown_nmi_panic);
	number(w, "panic_on_unrecovered_nmi", &guest->panic_on_unrecovered_nmi);
	number(w, "panic_cpu", &guest->panic_cpu);
	number(w, "die_counter", &guest->die_counter);
	json_string(w, "oops_signal", guest->oops_signal);
	json_end_object(w);
}

static void write_oops(struct json_writer *w, const struct report_oops *oops)
{
	if (!oops->known) {
		json_null(w, "oops");
		return;
	}
	json_begin_object(w, "oops", JSON_SPREAD);
	json_string(w, "kind", oops->kind);
	address(w, "address", &oops->address);
	number(w, "cpu", &oops->cpu);
	number(w, "pid", &oops->pid);
	json_string(w, "comm", oops->comm);
	json_string(w, "function", oops->function);
	json_string(w, "module", oops->module);
	json_string(w, "where", oops->where);
	number(w, "log_start", &oops->log_start);
	number(w, "number", &oops->number);
	json_boolean(w, "panicked", oops->panicked);
	json_string(w, "earlier_dump", oops->earlier_dump);
	json_end_object(w);
}

static void write_complaint(struct json_writer *w, const struct report_complaint *complaint)
{
	if (!complaint->known) {
		json_null(w, "complaint");
		return;
	}
	json_begin_object(w, "complaint", JSON_SPREAD);
	json_string(w, "kind", complaint->kind);
	json_string(w, "incident", incident_name(complaint->incident));
	json_boolean(w, "panicked", complaint->panicked);
	number(w, "log_start", &complaint->log_start);
	json_end_object(w);
}

static void write_task(struct json_writer *w, const char *name, const struct report_task *task)
{
	if (!task->known) {
		json_null(w, name);
		return;
	}
	json_begin_object(w, name, JSON_PACKED);
	number(w, "pid", &task->pid);
	number(w, "tgid", &task->tgid);
	json_string(w, "comm", task->comm);
	json_string(w, "state", task->state);
	json_end_object(w);
}

static void write_segment(struct json_writer *w, const char *name, const struct segment *segment)
{
	json_begin_object(w, name, JSON_PACKED);
	json_hex(w, "selector", segment->selector);
	json_hex(w, "base", segment->base);
	json_hex(w, "limit", segment->limit);
	json_hex(w, "flags", segment->flags);
	json_end_object(w);
}

static void write_registers(struct json_writer *w, const struct vcpu_registers *registers)
{
	size_t num_fields;
	const struct register_field *fields = vcpu_register_fields(&num_fields);

	json_begin_object(w, "regs", JSON_SPREAD);
	for (size_t i = 0; i < num_fields; i++) {
		const char *name = fields[i].name;
		const void *member = (const char *)registers + fields[i].offset;

		switch (fields[i].kind) {
		case REGISTER_HEX:
			json_hex(w, name, *(const uint64_t *)member);
			break;
		case REGISTER_SEGMENT:
			write_segment(w, name, member);
			break;
		case REGISTER_NUMBER:
			json_integer(w, name, *(const unsigned int *)member);
			break;
		case REGISTER_FLAG:
			json_boolean(w, name, *(const bool *)member);
			break;
		}
	}
	json_end_object(w);
}

static void write_lines(struct json_writer *w, const char *name, const char *text)
{
	g_auto(GStrv) lines = NULL;

	if (text == NULL) {
		json_null(w, name);
		return;
	}
	lines = g_strsplit(text, "\n", -1);
	json_begin_array(w, name, JSON_SPREAD);
	for (char **line = lines; *line; line++)
		if (line[0][0] != '\0' || line[1])
			json_string(w, NULL, *line);
	json_end_array(w);
}

static void boolean(struct json_writer *w, const char *name, const struct maybe_int *flag)
{
	if (flag->known)
		json_boolean(w, name, flag->value != 0);
	else
		json_null(w, name);
}

static void write_schedule(struct json_writer *w, const struct report_vcpu *vcpu)
{
	boolean(w, "interrupts_on", &vcpu->interrupts_on);
	boolean(w, "serving_softirq", &vcpu->serving_softirq);
	number(w, "bh_disable_depth", &vcpu->bh_disable_depth);
	number(w, "runnable", &vcpu->runnable);
	number(w, "task_ran_ns", &vcpu->task_ran_ns);
	number(w, "tick_age_ns", &vcpu->tick_age_ns);
	number(w, "watchdog_age_ns", &vcpu->watchdog_age_ns);
}

static void write_vcpu(struct json_writer *w, const struct report_vcpu *vcpu)
{
	json_begin_object(w, NULL, JSON_SPREAD);
	json_integer(w, "vcpu", vcpu->vcpu);
	number(w, "cpu", &vcpu->cpu);
	json_string(w, "context", report_context_name(vcpu->context));
	json_string(w, "foreign", vcpu->foreign);
	write_task(w, "task", &vcpu->task);
	write_task(w, "stack_task", &vcpu->stack_task);
	number(w, "preempt_depth", &vcpu->preempt_depth);
	number(w, "softirq_depth", &vcpu->softirq_depth);
	number(w, "hardirq_depth", &vcpu->hardirq_depth);
	number(w, "nmi_depth", &vcpu->nmi_depth);
	write_schedule(w, vcpu);
	if (vcpu->waits_for_lock) {
		json_begin_object(w, "waits_for_lock", JSON_PACKED);
		json_hex(w, "address", vcpu->lock_address);
		json_string(w, "symbol", vcpu->lock_symbol);
		number(w, "position", &vcpu->lock_position);
		number(w, "queued", &vcpu->lock_queued);
		json_end_object(w);
	} else {
		json_null(w, "waits_for_lock");
	}
	json_string(w, "consistency", vcpu->consistency);
	if (vcpu->have_registers)
		write_registers(w, &vcpu->registers);
	else
		json_null(w, "regs");
	json_begin_array(w, "frames", JSON_SPREAD);
	for (guint i = 0; i < vcpu->frames->len; i++)
		json_frame(w, &g_array_index(vcpu->frames, struct frame, i));
	json_end_array(w);
	json_string(w, "stopped", vcpu->stopped);
	write_lines(w, "guest_frames", vcpu->guest_frames);
	json_string(w, "disagreement", vcpu->disagreement);
	json_end_object(w);
}

static void write_modules(struct json_writer *w, const GArray *modules)
{
	json_begin_array(w, "modules", JSON_SPREAD);
	for (guint i = 0; i < modules->len; i++) {
		const struct report_module *module =
			&g_array_index(modules, struct report_module, i);

		json_begin_object(w, NULL, JSON_PACKED);
		json_string(w, "name", module->name);
		json_hex(w, "base", module->base);
		json_integer(w, "size", (int64_t)module->size);
		json_string(w, "taint", module->taint);
		json_string(w, "build_id", module->build_id);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_caller(struct json_writer *w, const struct report_log_record *record)
{
	number(w, "cpu", &record->cpu);
	number(w, "pid", &record->pid);
}

static void write_log(struct json_writer *w, const struct report *report)
{
	json_begin_object(w, "log", JSON_SPREAD);
	json_string(w, "source", report->log_source);
	json_begin_array(w, "records", JSON_SPREAD);
	for (guint i = 0; i < report->log->len; i++) {
		const struct report_log_record *record =
			&g_array_index(report->log, struct report_log_record, i);

		json_begin_object(w, NULL, JSON_PACKED);
		json_integer(w, "sequence", (int64_t)record->sequence);
		json_integer(w, "time_ns", (int64_t)record->time_ns);
		json_integer(w, "level", record->level);
		write_caller(w, record);
		json_string(w, "text", record->text);
		json_end_object(w);
	}
	json_end_array(w);
	json_end_object(w);
}

static void write_error_list(struct json_writer *w, const GPtrArray *errors)
{
	for (guint i = 0; i < errors->len; i++) {
		const struct report_error *error = errors->pdata[i];

		json_begin_object(w, NULL, JSON_PACKED);
		json_string(w, "field", error->field);
		json_string(w, "message", error->message);
		json_end_object(w);
	}
}

GString *report_to_json(const struct report *report)
{
	struct json_writer w = {.text = g_string_new(NULL)};

	json_begin_object(&w, NULL, JSON_SPREAD);
	write_head(&w, report);
	write_guest(&w, report);
	write_oops(&w, &report->oops);
	json_left_out(&w, report);
	write_complaint(&w, &report->complaint);
	json_fault(&w, &report->fault);
	json_begin_array(&w, "vcpus", JSON_SPREAD);
	for (guint i = 0; i < report->vcpus->len; i++)
		write_vcpu(&w, &g_array_index(report->vcpus, struct report_vcpu, i));
	json_end_array(&w);
	json_tasks(&w, &report->tasks);
	write_modules(&w, report->modules);
	write_log(&w, report);
	json_begin_array(&w, "errors", JSON_SPREAD);
	if (report->collection.errors)
		write_error_list(&w, report->collection.errors);
	write_error_list(&w, report->errors);
	json_end_array(&w);
	json_end_object(&w);
	g_string_append_c(w.text, '\n');
	return w.text;
}
