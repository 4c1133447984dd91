/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread of a vCPU, and its times from /proc. */
#ifndef OOPSBT_DAEMON_VCPU_THREAD_H
#define OOPSBT_DAEMON_VCPU_THREAD_H

#include "daemon/stall.h"

struct vcpu_thread {
	unsigned int vcpu;   /* QEMU's number */
	int stat, schedstat; /* descriptors that stay open, or -1 */
	gint64 parts_us;     /* monotonic: when its user time was last read; 0: never */
	gint64 parts_ran_us; /* its run time then */
	gint64 most_us;	     /* stall_cpu.most_us as of the last read */
};

void vcpu_thread_init(struct vcpu_thread *thread, unsigned int vcpu);
void vcpu_thread_close(struct vcpu_thread *thread);

/* Opens those of @threads that exist and are not open yet. QEMU's names: "CPU 3/KVM". */
void vcpu_threads_open(GPid qemu, struct vcpu_thread *threads, unsigned int num);

/* Sets the host's values of @cpu. @state: reads also the thread's state. False: the thread has
 * ended. */
bool vcpu_thread_read(struct vcpu_thread *thread, enum stall_times times, bool state, gint64 now_us,
		      struct stall_cpu *cpu);
/* Sets them for a tick that does not read the thread's times. */
void vcpu_thread_skip(const struct vcpu_thread *thread, gint64 now_us, struct stall_cpu *cpu);

/* The run time of all threads of QEMU, in ns; -1: unknown. */
gint64 vcpu_threads_ran_ns(GPid qemu);

#endif
