// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/capture.h"

#include "kernel/lock.h"
#include "kernel/schedule.h"
#include "kernel/timekeeper.h"

struct cpu *capture_warm(struct kernel *kernel, const GArray *vcpus, struct settings *settings)
{
	struct cpu *cpus = g_new0(struct cpu, vcpus->len + 1);

	for (guint i = 0; i < vcpus->len; i++) {
		const struct vcpu_registers *vcpu = &g_array_index(vcpus, struct vcpu_registers, i);

		cpu_identify(kernel, vcpu, &cpus[i]);
		cpu_capture(kernel, &cpus[i]);
		if (cpus[i].fit != VCPU_FITS)
			continue;
		lock_capture(kernel, &cpus[i]);
		schedule_capture(kernel, &cpus[i]);
	}
	cpu_reject_twins(cpus, vcpus->len);
	schedule_capture_now(kernel);
	timekeeper_capture(kernel);
	settings_read(kernel, settings);
	return cpus;
}
