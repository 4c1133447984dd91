// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/analysis.h"

#include <string.h>

#include "analyze/capture.h"
#include "analyze/complaints.h"
#include "analyze/cpu_facts.h"
#include "analyze/log.h"
#include "analyze/disk_facts.h"
#include "analyze/task_facts.h"
#include "common/context.h"
#include "kernel/build-id.h"
#include "kernel/arch.h"
#include "kernel/cold.h"
#include "kernel/command_line.h"
#include "kernel/find.h"
#include "kernel/livepatch.h"
#include "kernel/lock.h"
#include "kernel/module_layout.h"
#include "kernel/modules.h"
#include "kernel/printk.h"
#include "kernel/resolve.h"
#include "kernel/task.h"
#include "kernel/timekeeper.h"
#include "kernel/unwind.h"
#include "kernel/vmcoreinfo.h"

/*
 * The maximum number of frames between a lock's slow path and the function where its waiter is
 * halted.
 */
#define MAX_WAIT_DEPTH 4

static void use_map(struct analysis *analysis, struct kernel_map *map)
{
	analysis->map = map;
	kernel_init(&analysis->kernel, map, analysis->frozen);
}

/* Uses its own snapshot: the guest still runs, and nothing is frozen yet. */
static bool map_fits_now(const struct kernel_map *map, struct snapshot *frozen)
{
	g_autoptr(Snapshot) now = snapshot_new(snapshot_memory(frozen), 256);

	return kernel_map_fits(map, now, NULL);
}

void analysis_init(struct analysis *analysis, struct snapshot *frozen, GBytes *map_bytes,
		   bool check_now)
{
	g_autoptr(KernelMap) map = map_bytes ? kernel_map_from_bytes(map_bytes, NULL) : NULL;

	*analysis = (struct analysis){.report = report_new(), .frozen = frozen};
	analysis->map_unchecked = !check_now;
	if (map && (!check_now || map_fits_now(map, frozen)))
		use_map(analysis, g_steal_pointer(&map));
}

void analysis_clear(struct analysis *analysis)
{
	g_clear_pointer(&analysis->report, report_free);
	g_clear_pointer(&analysis->log, snapshot_free);
	kernel_clear(&analysis->kernel);
	g_clear_pointer(&analysis->frozen, snapshot_free);
	g_clear_pointer(&analysis->registers_text, g_free);
	g_clear_pointer(&analysis->vcpus, g_array_unref);
	g_clear_pointer(&analysis->map, kernel_map_free);
	g_clear_pointer(&analysis->cpus, g_free);
	g_clear_pointer(&analysis->vmcoreinfo, g_free);
	g_clear_pointer(&analysis->shown_tasks, g_array_unref);
}

void analysis_set_collection(struct analysis *analysis, struct report_collection *collection)
{
	report_collection_clear(&analysis->report->collection);
	analysis->report->collection = *collection;
	*collection = (struct report_collection){0};
	complaints_name_hang(analysis->report);
}

/* Finds only the guest module, if the module list is the same as when the map was made. */
static void find_guest_module(struct kernel *kernel)
{
	struct kernel_module module;
	uint64_t first;

	if (!kernel_read_variable(kernel, SYMBOL_modules, &first, sizeof(first), NULL))
		return;
	if (first != kernel->map->modules_first.value) {
		modules_load(kernel, NULL);
		return;
	}
	kernel->modules = modules_new();
	if (kernel->map->guest_module.value &&
	    module_read(kernel, kernel->map->guest_module, &module, NULL))
		g_array_append_val(kernel->modules, module);
}

static void capture_with_map(struct analysis *analysis)
{
	analysis->cpus = capture_warm(&analysis->kernel, analysis->vcpus, &analysis->settings);
	find_guest_module(&analysis->kernel);
	settings_find_reporter(&analysis->kernel, &analysis->settings);
	task_facts_capture(analysis);
}

static bool is_stranger(const struct analysis *analysis, guint index)
{
	const struct cpu *cpu = &analysis->cpus[index];

	return (cpu->fit == VCPU_OTHER_PAGE_TABLES || cpu->fit == VCPU_OTHER_GDT) &&
	       !kernel_arch(&analysis->kernel)->is_stopped(cpu->registers);
}

bool analysis_has_strangers(const struct analysis *analysis)
{
	for (guint i = 0; analysis->cpus && i < analysis->vcpus->len; i++) {
		if (is_stranger(analysis, i))
			return true;
	}
	return false;
}

bool analysis_map_is_run(const struct analysis *analysis)
{
	for (guint i = 0; analysis->cpus && i < analysis->vcpus->len; i++) {
		if (analysis->cpus[i].fit == VCPU_FITS)
			return true;
	}
	return false;
}

/*
 * Returns the vCPUs (struct vcpu_registers) that run another kernel, without CPUs that a kernel
 * stopped before it started this one.
 */
static GArray *strangers(const struct analysis *analysis)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct vcpu_registers));

	for (guint i = 0; i < analysis->vcpus->len; i++) {
		if (is_stranger(analysis, i))
			g_array_append_val(
				found, g_array_index(analysis->vcpus, struct vcpu_registers, i));
	}
	return found;
}

static void capture_without_map(struct analysis *analysis, const GArray *vcpus)
{
	guint captured = capture_cold(analysis->frozen, vcpus);

	if (captured < vcpus->len)
		report_add_error(analysis->report, "vcpus",
				 "only the first %u of %u vCPUs were captured while the guest was "
				 "frozen: the limit of pages was reached",
				 captured, vcpus->len);
}

void analysis_capture_vcpus(struct analysis *analysis, GArray *vcpus)
{
	analysis->vcpus = vcpus;
	if (analysis->map && analysis->map_unchecked &&
	    !kernel_map_fits(analysis->map, analysis->frozen, NULL))
		g_clear_pointer(&analysis->map, kernel_map_free);
	if (analysis->map) {
		g_autoptr(GArray) others = NULL;

		capture_with_map(analysis);
		others = strangers(analysis);
		capture_without_map(analysis, others);
	} else {
		capture_without_map(analysis, analysis->vcpus);
	}
}

void analysis_capture(struct analysis *analysis, char *registers_text)
{
	g_autoptr(GError) error = NULL;
	GArray *vcpus = registers_text[0] ? registers_parse(registers_text, &error) : NULL;

	analysis->registers_text = registers_text;
	if (!vcpus) {
		report_add_error(analysis->report, "vcpus", "no vCPU registers: %s",
				 error ? error->message : "the hypervisor gave none");
		vcpus = g_array_new(FALSE, TRUE, sizeof(struct vcpu_registers));
	}
	analysis_capture_vcpus(analysis, vcpus);
}

/* Drops what was found with the map: it is wrong for another kernel. */
static void drop_map(struct analysis *analysis)
{
	kernel_clear(&analysis->kernel);
	g_clear_pointer(&analysis->map, kernel_map_free);
	g_clear_pointer(&analysis->cpus, g_free);
	g_clear_pointer(&analysis->vmcoreinfo, g_free);
}

static void use_found_map(struct analysis *analysis, struct kernel_map *map)
{
	use_map(analysis, map);
	analysis->map_was_found = true;
	analysis->map_changed = true;
}

static void find_strangers_kernel(struct analysis *analysis)
{
	g_autoptr(GArray) others = NULL;
	struct kernel_map *map;

	if (!analysis_has_strangers(analysis))
		return;
	others = strangers(analysis);
	map = kernel_find_run(analysis->frozen, others, NULL);
	if (!map)
		return;
	drop_map(analysis);
	use_found_map(analysis, map);
}

void analysis_find_kernel(struct analysis *analysis)
{
	g_autoptr(GError) error = NULL;
	struct kernel_map *map;

	if (analysis->map) {
		find_strangers_kernel(analysis);
		return;
	}
	map = kernel_find(analysis->frozen, analysis->vcpus, &error);
	if (!map) {
		report_add_error(analysis->report, "guest",
				 "no Linux kernel found in guest memory: %s", error->message);
		return;
	}
	use_found_map(analysis, map);
}

static void missing(struct analysis *analysis, struct maybe_int *number, const char *field,
		    enum kernel_symbol symbol)
{
	if (!number->known)
		report_add_error(analysis->report, field, "this kernel has no readable %s",
				 kernel_symbol_names()[symbol]);
}

static void fill_settings(struct analysis *analysis)
{
	static const char *const reporters[] = {
		[OOPS_REPORTER_NONE] = "absent",
		[OOPS_REPORTER_MODULE] = "module",
		[OOPS_REPORTER_BUILT_IN] = "built-in",
	};
	const struct settings *settings = &analysis->settings;
	struct report_guest *guest = &analysis->report->guest;

	guest->panic_cpu = settings->panic_cpu;
	guest->panic_on_oops = settings->panic_on_oops;
	guest->oops_all_cpu_backtrace = settings->oops_all_cpu_backtrace;
	guest->unknown_nmi_backtrace = settings->unknown_nmi_backtrace;
	guest->unknown_nmi_panic = settings->unknown_nmi_panic;
	guest->panic_on_unrecovered_nmi = settings->panic_on_unrecovered_nmi;
	guest->die_counter = settings->die_counter;
	guest->cpus_online = settings->cpus_online;
	missing(analysis, &guest->panic_cpu, "guest.panic_cpu", SYMBOL_panic_cpu);
	missing(analysis, &guest->panic_on_oops, "guest.panic_on_oops", SYMBOL_panic_on_oops);
	if (!guest->die_counter.known)
		report_add_error(
			analysis->report, "guest.die_counter",
			"this kernel has no readable die_counter: the memory watch sees no "
			"oops of this guest, only its panic device tells of one, if it "
			"runs the oopsbt module or a patched kernel");
	missing(analysis, &guest->oops_all_cpu_backtrace, "guest.oops_all_cpu_backtrace",
		SYMBOL_sysctl_oops_all_cpu_backtrace);
	if (settings->tainted_mask.known) {
		guest->taint = (struct maybe_uint){true, (uint64_t)settings->tainted_mask.value};
		guest->taint_letters = taint_letters(guest->taint.value);
	} else {
		report_add_error(analysis->report, "guest.taint", "the taint word cannot be read");
	}
	if (settings->reporter != OOPS_REPORTER_UNKNOWN)
		guest->oops_signal = g_strdup(reporters[settings->reporter]);
	else
		report_add_error(analysis->report, "guest.oops_signal",
				 "the guest's modules cannot be read");
}

/* "Linux version RELEASE (...) VERSION": for kernels whose struct uts_namespace cannot be read. */
static void fill_release_from_banner(struct analysis *analysis)
{
	const char *release = analysis->map->banner + strlen("Linux version ");
	const char *version = strstr(release, " #");

	analysis->report->guest.release = g_strndup(release, strcspn(release, " "));
	if (version)
		analysis->report->guest.version =
			g_strndup(version + 1, strcspn(version + 1, "\n"));
}

static void fill_build_id(struct analysis *analysis)
{
	struct report_guest *guest = &analysis->report->guest;
	g_autoptr(GError) error = NULL;

	if (analysis->vmcoreinfo)
		guest->build_id = vmcoreinfo_value(analysis->vmcoreinfo, "BUILD-ID");
	if (!guest->build_id)
		guest->build_id = build_id_read(&analysis->kernel, &error);
	if (!guest->build_id)
		report_add_error(analysis->report, "guest.build_id", "%s", error->message);
}

static void fill_inventory(struct analysis *analysis)
{
	struct report_guest *guest = &analysis->report->guest;
	g_autoptr(GError) line_error = NULL;
	g_autoptr(GError) patch_error = NULL;

	guest->command_line = command_line_read(&analysis->kernel, &line_error);
	if (!guest->command_line)
		report_add_error(analysis->report, "guest.command_line", "%s", line_error->message);
	guest->livepatches = livepatches_read(&analysis->kernel, &patch_error);
	if (!guest->livepatches)
		report_add_error(analysis->report, "guest.livepatches", "%s", patch_error->message);
}

/* The distance by which KASLR has moved the kernel. */
static uint64_t kaslr_offset(const struct analysis *analysis)
{
	return analysis->map->symbols[SYMBOL__text] - kernel_arch(&analysis->kernel)->link_address;
}

static void fill_guest(struct analysis *analysis)
{
	const struct kernel *kernel = &analysis->kernel;
	struct report_guest *guest = &analysis->report->guest;
	g_autoptr(GError) error = NULL;
	struct timekeeper timekeeper;

	fill_release_from_banner(analysis);
	guest->kaslr_offset = (struct maybe_uint){true, kaslr_offset(analysis)};
	if (timekeeper_read(kernel, &timekeeper, &error))
		guest->uptime_s = (struct maybe_int){true, (int64_t)timekeeper.uptime_s};
	else
		report_add_error(analysis->report, "guest.uptime_s", "%s", error->message);
	guest->wall_us = timekeeper.wall_us;
	if (!guest->wall_us.known)
		report_add_error(analysis->report, "guest.wall_clock",
				 "the guest's clock was not read while the guest was frozen, or "
				 "its value is not plausible");
	fill_build_id(analysis);
	fill_settings(analysis);
	fill_inventory(analysis);
}

static void read_vmcoreinfo(struct analysis *analysis)
{
	g_autoptr(GError) error = NULL;
	uint64_t offset;

	if (!analysis->vmcoreinfo)
		analysis->vmcoreinfo = vmcoreinfo_read(&analysis->kernel, &error);
	if (!analysis->vmcoreinfo) {
		/* A kernel without CONFIG_VMCORE_INFO loses nothing if BTF has the same layouts. */
		if (!g_error_matches(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND))
			report_add_error(analysis->report, "log", "VMCOREINFO: %s", error->message);
		return;
	}
	/* VMCOREINFO and the symbol table both give the KASLR offset. */
	if (vmcoreinfo_address(analysis->vmcoreinfo, "KERNELOFFSET", &offset) &&
	    offset != kaslr_offset(analysis))
		report_add_error(analysis->report, "guest.kaslr_offset",
				 "VMCOREINFO says 0x%" G_GINT64_MODIFIER
				 "x, the symbol table says otherwise",
				 offset);
}

static void load_modules(struct analysis *analysis)
{
	struct kernel *kernel = &analysis->kernel;
	const struct kernel_module *guest_module;
	g_autoptr(GError) error = NULL;
	gva_t first = gva(0), found;

	/*
	 * The layout of modules may be unknown because no module was loaded when the map was made.
	 */
	if (analysis->map->no_btf && !kernel_has(kernel, FIELD_module_list) &&
	    module_layout_infer(analysis->map, &kernel->space))
		analysis->map_changed = true;
	if (!modules_load(kernel, &error)) {
		report_add_error(analysis->report, "modules", "%s", error->message);
		return;
	}
	for (guint i = 0; i < kernel->modules->len; i++) {
		const struct kernel_module *module =
			&g_array_index(kernel->modules, struct kernel_module, i);
		struct report_module entry = {
			.name = g_strdup(module->name),
			.base = module->text.value,
			.size = module->text_size,
			.taint = module->taints.known ? taint_letters(module->taints.value) : NULL,
			.build_id = build_id_read_module(kernel, module->structure),
		};

		g_array_append_val(analysis->report->modules, entry);
	}
	if (!kernel_has(kernel, FIELD_module_taints) && kernel->modules->len)
		report_add_error(analysis->report, "modules[*].taint",
				 "this kernel has no offset of module.taints");
	/* Stores where the guest module is, for the next collection. */
	guest_module = modules_find_name(kernel->modules, GUEST_MODULE);
	found = guest_module ? guest_module->structure : gva(0);
	kernel_read_variable(kernel, SYMBOL_modules, &first.value, 8, NULL);
	if (first.value != analysis->map->modules_first.value ||
	    found.value != analysis->map->guest_module.value) {
		analysis->map->modules_first = first;
		analysis->map->guest_module = found;
		analysis->map_changed = true;
	}
}

static void fill_task(struct analysis *analysis, gva_t address, const char *field, guint index,
		      struct report_task *task, bool *late)
{
	g_autofree char *path = g_strdup_printf("vcpus[%u].%s", index, field);
	const char *no_btf = analysis->kernel.map->no_btf;
	g_autoptr(GError) error = NULL;
	struct task found;

	if (!task_read(&analysis->kernel, address, &found, &error)) {
		report_add_error(analysis->report, path, "%s", error->message);
		return;
	}
	*late |= found.late;
	*task = (struct report_task){
		.known = true,
		.pid = found.pid,
		.tgid = found.tgid,
		.comm = g_strdup(found.comm),
		.state = g_strdup(found.state),
	};
	if (!found.state || !found.pid.known)
		report_add_error(analysis->report, path, "the task's %s not known: %s",
				 found.pid.known ? "state is"
				 : found.state	 ? "PID is"
						 : "PID and state are",
				 no_btf ? no_btf : "no BTF of it");
}

static void name_frame(const struct analysis *analysis, struct frame *frame)
{
	/* A return address may be after the end of its function. */
	uint64_t back = !frame->interrupted;

	kernel_resolve(&analysis->kernel, gva(frame->pc.value - back), &frame->symbol);
	if (frame->symbol.name)
		frame->symbol.offset += back;
}

static void fill_frames(struct analysis *analysis, const struct cpu *cpu, struct report_vcpu *vcpu)
{
	struct unwind_result result;

	unwind_cpu(&analysis->kernel, cpu, &result);
	for (guint i = 0; i < result.frames->len; i++)
		name_frame(analysis, &g_array_index(result.frames, struct frame, i));
	g_array_unref(vcpu->frames);
	vcpu->frames = g_steal_pointer(&result.frames);
	vcpu->stopped = g_steal_pointer(&result.stopped);
	unwind_result_clear(&result);
}

static void set_lock(const struct analysis *analysis, gva_t lock, struct report_vcpu *vcpu)
{
	struct resolved_symbol symbol;

	vcpu->waits_for_lock = true;
	vcpu->lock_address = lock.value;
	kernel_resolve(&analysis->kernel, lock, &symbol);
	if (symbol.name)
		vcpu->lock_symbol = resolved_symbol_text(&symbol, lock.value);
	resolved_symbol_clear(&symbol);
}

/* Looks at the frames of one context, from @first on; @registers are that context's. */
static bool fill_lock_of_context(const struct analysis *analysis, const struct cpu *cpu,
				 guint first, const GArray *registers, struct report_vcpu *vcpu)
{
	bool late = false;
	gva_t lock;

	for (guint i = first; i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		/* The functions that the slow path calls to wait have at most this depth. */
		if (i - first > MAX_WAIT_DEPTH || (i > first && frame->registers))
			return false;
		if (!lock_in_slow_path(&analysis->kernel, frame->pc))
			continue;
		if (!lock_waited_for(&analysis->kernel, cpu, registers, &lock, &late))
			return false;
		/* A word that is not a lock says nothing about the CPU. */
		vcpu->late |= late;
		set_lock(analysis, lock, vcpu);
		return true;
	}
	return false;
}

/* The CPU may wait in its first frame, or in a frame that an NMI or an interrupt interrupted. */
static void fill_lock(const struct analysis *analysis, const struct cpu *cpu,
		      struct report_vcpu *vcpu)
{
	const struct arch *arch = kernel_arch(&analysis->kernel);
	g_autoptr(GArray) registers = NULL;
	struct register_set set = {0};

	arch->load_registers(&vcpu->registers, &set);
	registers = arch->name_registers(&set);
	if (fill_lock_of_context(analysis, cpu, 0, registers, vcpu))
		return;
	for (guint i = 0; i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		if (frame->registers &&
		    fill_lock_of_context(analysis, cpu, i, frame->registers, vcpu))
			return;
	}
}

static struct report_vcpu *find_vcpu(struct report *report, unsigned int cpu)
{
	for (guint i = 0; i < report->vcpus->len; i++) {
		struct report_vcpu *vcpu = &g_array_index(report->vcpus, struct report_vcpu, i);

		if (vcpu->cpu.known && vcpu->cpu.value == cpu)
			return vcpu;
	}
	return NULL;
}

static bool is_queued(const GArray *queue, unsigned int cpu)
{
	for (guint i = 0; i < queue->len; i++)
		if (g_array_index(queue, unsigned int, i) == cpu)
			return true;
	return false;
}

/* Finds the pending waiter of @lock: the only waiter that is not queued. */
static void put_pending_first(struct analysis *analysis, gva_t lock, GArray *queue)
{
	const GArray *vcpus = analysis->report->vcpus;
	unsigned int pending = 0, found = 0;

	if (!lock_is_pending(&analysis->kernel, lock))
		return;
	for (guint i = 0; i < vcpus->len; i++) {
		const struct report_vcpu *vcpu = &g_array_index(vcpus, struct report_vcpu, i);

		if (!vcpu->waits_for_lock || vcpu->lock_address != lock.value || !vcpu->cpu.known ||
		    is_queued(queue, (unsigned int)vcpu->cpu.value))
			continue;
		pending = (unsigned int)vcpu->cpu.value;
		found++;
	}
	if (found == 1)
		g_array_prepend_val(queue, pending);
}

/* A CPU in the queue of @lock waits for it, even if nothing else shows that. */
static void fill_lock_queue(struct analysis *analysis, gva_t lock)
{
	g_autoptr(GArray) queue =
		lock_queue(&analysis->kernel, analysis->cpus, analysis->vcpus->len, lock);

	put_pending_first(analysis, lock, queue);
	for (guint i = 0; i < queue->len; i++) {
		struct report_vcpu *vcpu =
			find_vcpu(analysis->report, g_array_index(queue, unsigned int, i));

		if (!vcpu || (vcpu->waits_for_lock && vcpu->lock_address != lock.value))
			continue;
		if (!vcpu->waits_for_lock)
			set_lock(analysis, lock, vcpu);
		vcpu->lock_position = (struct maybe_int){true, i + 1};
		vcpu->lock_queued = (struct maybe_int){true, queue->len};
	}
}

static void fill_lock_queues(struct analysis *analysis)
{
	g_autoptr(GHashTable) done =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	GArray *vcpus = analysis->report->vcpus;

	for (guint i = 0; i < vcpus->len; i++) {
		const struct report_vcpu *vcpu = &g_array_index(vcpus, struct report_vcpu, i);

		if (vcpu->waits_for_lock &&
		    g_hash_table_add(done, g_memdup2(&vcpu->lock_address, 8)))
			fill_lock_queue(analysis, gva(vcpu->lock_address));
	}
}

/* Idle: the CPU runs the idle task, and only waits in its loop. */
static bool is_idle(const struct report_vcpu *vcpu)
{
	if (!vcpu->task.known || (vcpu->task.pid.known && vcpu->task.pid.value != 0))
		return false;
	for (guint i = 0; i < vcpu->frames->len; i++) {
		const struct frame *frame = &g_array_index(vcpu->frames, struct frame, i);

		if (frame->stack != STACK_TASK)
			return false;
		if (g_strcmp0(frame->symbol.name, "do_idle") == 0)
			return i <= 8;
	}
	return vcpu->task.pid.known && vcpu->registers.halted;
}

static enum report_context context_of(const struct report_vcpu *vcpu)
{
	if (!vcpu->have_registers)
		return REPORT_CONTEXT_UNKNOWN;
	if (vcpu->registers.cpl == 3)
		return REPORT_CONTEXT_USER;
	return is_idle(vcpu) ? REPORT_CONTEXT_IDLE : REPORT_CONTEXT_KERNEL;
}

static bool any_late(const struct report_vcpu *vcpu)
{
	if (vcpu->late)
		return true;
	for (guint i = 0; i < vcpu->frames->len; i++) {
		if (g_array_index(vcpu->frames, struct frame, i).late)
			return true;
	}
	return false;
}

static const char *consistency_of(const struct analysis *analysis, const struct report_vcpu *vcpu)
{
	if (!analysis->report->collection.frozen && !analysis->whole_dump)
		return "running";
	return any_late(vcpu) || analysis->report->collection.thawed_early ? "late" : "frozen";
}

/* Fills the kernel's state of a vCPU that runs it. */
static void fill_cpu(struct analysis *analysis, guint index, const char *field,
		     struct report_vcpu *vcpu)
{
	const struct cpu *cpu = &analysis->cpus[index];

	vcpu->late = cpu->late;
	if (cpu->known)
		vcpu->cpu = (struct maybe_int){true, cpu->number};
	else
		report_add_error(analysis->report, field,
				 "the Linux CPU number of vCPU %u is not known", vcpu->vcpu);
	if (cpu->current.value)
		fill_task(analysis, cpu->current, "task", index, &vcpu->task, &vcpu->late);
	else if (cpu->known)
		report_add_error(analysis->report, field, "what CPU %u runs cannot be read",
				 cpu->number);
	if (cpu->stack_task.value)
		fill_task(analysis, cpu->stack_task, "stack_task", index, &vcpu->stack_task,
			  &vcpu->late);
	cpu_facts_fill_depths(analysis, cpu, vcpu);
	fill_frames(analysis, cpu, vcpu);
	fill_lock(analysis, cpu, vcpu);
	vcpu->context = context_of(vcpu);
}

static void fill_vcpu(struct analysis *analysis, guint index)
{
	struct report_vcpu vcpu = {
		.registers = g_array_index(analysis->vcpus, struct vcpu_registers, index),
		.have_registers = true,
		.frames = frames_new(),
	};
	enum vcpu_fit fit =
		analysis->cpus ? analysis->cpus[index].fit : vcpu_fit_mode(&vcpu.registers);
	g_autofree char *field = g_strdup_printf("vcpus[%u]", index);

	vcpu.vcpu = vcpu.registers.vcpu;
	if (fit != VCPU_FITS) {
		vcpu.context = REPORT_CONTEXT_FOREIGN;
		vcpu.foreign = vcpu_fit_reason(fit);
		report_add_error(analysis->report, field, "vCPU %u %s", vcpu.vcpu, vcpu.foreign);
	} else if (analysis->cpus) {
		fill_cpu(analysis, index, field, &vcpu);
	}
	if (vcpu.stopped)
		report_add_error(analysis->report, field, "the backtrace of vCPU %u ends early: %s",
				 vcpu.vcpu, vcpu.stopped);
	g_array_append_val(analysis->report->vcpus, vcpu);
}

static void check_map(struct analysis *analysis)
{
	g_autoptr(GError) error = NULL;

	/*
	 * Checks the map again, through the snapshot, so that the core has the pages for the check.
	 */
	if (!kernel_map_fits(analysis->map, analysis->frozen, &error))
		report_add_error(analysis->report, "guest", "%s", error->message);
}

void analysis_fill(struct analysis *analysis)
{
	struct kernel *kernel = &analysis->kernel;

	if (analysis->map) {
		check_map(analysis);
		if (!analysis->cpus)
			analysis->cpus = capture_warm(kernel, analysis->vcpus, &analysis->settings);
		read_vmcoreinfo(analysis);
		load_modules(analysis);
		settings_find_reporter(kernel, &analysis->settings);
		fill_guest(analysis);
		if (analysis->map->no_orc)
			report_add_error(analysis->report, "vcpus",
					 "backtraces have guesses in them: %s",
					 analysis->map->no_orc);
	}
	for (guint i = 0; i < analysis->vcpus->len; i++)
		fill_vcpu(analysis, i);
	if (analysis->cpus)
		fill_lock_queues(analysis);
	cpu_facts_fill_schedules(analysis);
	task_facts_fill(analysis);
	disk_facts_fill(analysis);
}

void analysis_judge_consistency(struct analysis *analysis)
{
	GArray *vcpus = analysis->report->vcpus;

	for (guint i = 0; i < vcpus->len; i++) {
		struct report_vcpu *vcpu = &g_array_index(vcpus, struct report_vcpu, i);

		vcpu->consistency = consistency_of(analysis, vcpu);
	}
}

bool analysis_space(const struct analysis *analysis, struct address_space *space)
{
	if (analysis->map) {
		*space = analysis->kernel.space;
		return true;
	}
	for (guint i = 0; i < analysis->vcpus->len; i++) {
		const struct vcpu_registers *vcpu =
			&g_array_index(analysis->vcpus, struct vcpu_registers, i);

		if (vcpu_address_space(vcpu, analysis->frozen, space))
			return true;
	}
	return false;
}
