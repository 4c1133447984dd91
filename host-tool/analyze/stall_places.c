// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/stall_places.h"

#include "common/protocol.h"
#include "kernel/tasks.h"
#include "kernel/timekeeper.h"

static uint64_t percpu_location(const struct analysis *analysis, const struct cpu *cpu,
				enum kernel_symbol symbol, int32_t offset)
{
	uint64_t value = analysis->map->symbols[symbol];

	if (!value || offset == FIELD_UNKNOWN)
		return 0;
	return kernel_location(&analysis->kernel,
			       gva(cpu->percpu.value + value + (uint64_t)offset));
}

static uint64_t grace_period_location(const struct analysis *analysis)
{
	uint64_t state = analysis->map->symbols[SYMBOL_rcu_state];
	int32_t offset = analysis->map->fields[FIELD_rcu_state_gp_seq];

	if (!state || offset == FIELD_UNKNOWN)
		return 0;
	return kernel_location(&analysis->kernel, gva(state + (uint64_t)offset));
}

static bool is_set(const struct analysis *analysis, gva_t mask, unsigned int number, bool otherwise)
{
	uint64_t word;

	if (!address_space_read_u64(&analysis->kernel.space, gva_add(mask, number / 64 * 8), &word,
				    NULL))
		return otherwise;
	return word >> number % 64 & 1;
}

/*
 * Is the CPU in nohz_full? The mask is a cpumask_var_t: a pointer, or the mask itself if the kernel
 * was built for few CPUs (without CONFIG_CPUMASK_OFFSTACK); then it is no kernel address.
 */
static bool is_tickless(const struct analysis *analysis, const struct cpu *cpu)
{
	const uint64_t *symbols = analysis->map->symbols;
	gva_t running = gva(symbols[SYMBOL_tick_nohz_full_running]);
	gva_t mask = gva(symbols[SYMBOL_tick_nohz_full_mask]), pointer;
	uint8_t value = 0;

	if (!running.value || (address_space_read(&analysis->kernel.space, running, &value,
						  sizeof(value), NULL, NULL) &&
			       value == 0))
		return false;
	if (!mask.value ||
	    !address_space_read_u64(&analysis->kernel.space, mask, &pointer.value, NULL))
		return true;
	if (kernel_is_kernel_address(&analysis->kernel, pointer))
		mask = pointer;
	return is_set(analysis, mask, cpu->number, true);
}

/* The address of the word of a mask that contains the CPU's bit. */
static uint64_t mask_location(const struct analysis *analysis, const struct cpu *cpu,
			      enum kernel_symbol symbol)
{
	uint64_t mask = analysis->map->symbols[symbol];

	return mask ? kernel_location(&analysis->kernel, gva(mask + cpu->number / 64 * 8)) : 0;
}

/* The address of the idle task, which is fixed in the run queue. */
static uint64_t idle_task(const struct analysis *analysis, const struct cpu *cpu)
{
	uint64_t value = analysis->map->symbols[SYMBOL_runqueues], idle;
	int32_t offset = analysis->map->fields[FIELD_rq_idle];

	if (!value || offset == FIELD_UNKNOWN ||
	    !address_space_read_u64(&analysis->kernel.space,
				    gva(cpu->percpu.value + value + (uint64_t)offset), &idle, NULL))
		return 0;
	return idle;
}

/*
 * The count of timer interrupts in irq_stat. Since 7.2 or so the counts are an array, and the
 * timer's is the second (enum irq_stat_counts, arch/x86/include/asm/hardirq.h).
 */
static int32_t timer_count_offset(const struct analysis *analysis)
{
	const int32_t *fields = analysis->map->fields;

	if (fields[FIELD_irq_stat_timer] != FIELD_UNKNOWN ||
	    fields[FIELD_irq_stat_counts] == FIELD_UNKNOWN)
		return fields[FIELD_irq_stat_timer];
	return fields[FIELD_irq_stat_counts] + (int32_t)sizeof(uint32_t);
}

static struct protocol_stall_cpu places_of(const struct analysis *analysis, const struct cpu *cpu)
{
	const int32_t *fields = analysis->map->fields;

	return (struct protocol_stall_cpu){
		.number = cpu->number,
		.vcpu = cpu->registers->vcpu,
		.tickless = is_tickless(analysis, cpu),
		.irqs = percpu_location(analysis, cpu, SYMBOL_irq_stat,
					timer_count_offset(analysis)),
		.touch = percpu_location(analysis, cpu, SYMBOL_watchdog_touch_ts, 0),
		.watched = mask_location(analysis, cpu, SYMBOL_watchdog_cpumask),
		.current = percpu_location(analysis, cpu, SYMBOL_runqueues, fields[FIELD_rq_curr]),
		.idle = idle_task(analysis, cpu),
		.runnable = percpu_location(analysis, cpu, SYMBOL_runqueues,
					    fields[FIELD_rq_nr_running]),
		.user = percpu_location(analysis, cpu, SYMBOL_kernel_cpustat,
					fields[FIELD_kernel_cpustat_cpustat]),
		.next = percpu_location(analysis, cpu, SYMBOL_hrtimer_bases,
					fields[FIELD_hrtimer_bases_next]),
		.online = mask_location(analysis, cpu, SYMBOL___cpu_online_mask),
	};
}

GBytes *stall_places(const struct analysis *analysis)
{
	const struct kernel *kernel = &analysis->kernel;
	GByteArray *message = g_byte_array_new();
	struct protocol_stall head = {
		.watchdog_thresh = kernel_variable_location(kernel, SYMBOL_watchdog_thresh),
		.watchdog_enabled = kernel_variable_location(kernel, SYMBOL_watchdog_enabled),
		.rcu_timeout = kernel_variable_location(kernel, SYMBOL_rcu_cpu_stall_timeout),
		.gp_seq = grace_period_location(analysis),
		.hung_count =
			kernel_variable_location(kernel, SYMBOL_sysctl_hung_task_detect_count),
		.hung_warnings = kernel_variable_location(kernel, SYMBOL_sysctl_hung_task_warnings),
		.soft_count = kernel_variable_location(kernel, SYMBOL_softlockup_count),
		.hard_count = kernel_variable_location(kernel, SYMBOL_hardlockup_count),
		.rcu_count = kernel_variable_location(kernel, SYMBOL_rcu_stall_count),
		.warnings = kernel_variable_location(kernel, SYMBOL_warn_count),
		.clock = timekeeper_uptime_location(kernel),
		.suspended = kernel_variable_location(kernel, SYMBOL_timekeeping_suspended),
		.num_vcpus = MIN(analysis->vcpus->len, PROTOCOL_STALL_MAX_CPUS),
	};

	g_byte_array_append(message, (const guint8 *)&head, sizeof(head));
	for (guint i = 0;
	     analysis->cpus && i < analysis->vcpus->len && head.num_cpus < PROTOCOL_STALL_MAX_CPUS;
	     i++) {
		const struct cpu *cpu = &analysis->cpus[i];
		struct protocol_stall_cpu places;

		if (!cpu->known || cpu->number >= PROTOCOL_STALL_MAX_CPUS)
			continue;
		places = places_of(analysis, cpu);
		g_byte_array_append(message, (const guint8 *)&places, sizeof(places));
		head.num_cpus++;
	}
	((struct protocol_stall *)(void *)message->data)->num_cpus = head.num_cpus;
	return g_byte_array_free_to_bytes(message);
}

static uint64_t task_location(const struct analysis *analysis, const struct task_entry *entry,
			      enum kernel_field field)
{
	int32_t offset = analysis->map->fields[field];

	if (offset == FIELD_UNKNOWN)
		return 0;
	return kernel_location(&analysis->kernel, gva_add(entry->address, (uint64_t)offset));
}

static bool is_followed(const struct report_sleeper *sleeper, const struct task_entry *entry)
{
	return task_is_hung(entry) && !sleeper->running && sleeper->for_ns.known &&
	       sleeper->for_ns.value >= 0 && entry->num_switches.known;
}

GBytes *stall_blocked(const struct analysis *analysis)
{
	const GArray *shown = analysis->report->tasks.shown;
	GByteArray *message = g_byte_array_new();
	guint num = 0;

	/* Longest wait first. */
	for (guint i = 0; analysis->shown_tasks && i < shown->len && num < PROTOCOL_MAX_BLOCKED;
	     i++) {
		const struct report_sleeper *sleeper =
			&g_array_index(shown, struct report_sleeper, i);
		const struct task_entry *entry =
			&g_array_index(analysis->shown_tasks, struct task_entry, i);
		struct protocol_blocked blocked;

		if (!is_followed(sleeper, entry))
			continue;
		blocked = (struct protocol_blocked){
			.voluntary = task_location(analysis, entry, FIELD_task_nvcsw),
			.forced = task_location(analysis, entry, FIELD_task_nivcsw),
			.pid_address = task_location(analysis, entry, FIELD_task_pid),
			.switches = (uint64_t)entry->num_switches.value,
			.pid = (uint64_t)entry->task.pid.value,
			.for_ns = (uint64_t)sleeper->for_ns.value,
		};
		if (!blocked.voluntary || !blocked.forced || !blocked.pid_address)
			continue;
		g_byte_array_append(message, (const guint8 *)&blocked, sizeof(blocked));
		num++;
	}
	return g_byte_array_free_to_bytes(message);
}
