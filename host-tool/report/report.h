/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One collection as a structure: filled by analyze/, rendered by text.c (report.txt),
 * json.c (report.json) and core.c (core). Strings that come from the guest are stored
 * as read; the renderers escape them. Fields that could not be had are NULL or not
 * `known`, and an entry in errors says why.
 */
#ifndef OOPSBT_REPORT_H
#define OOPSBT_REPORT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/collection.h"
#include "common/incident.h"
#include "guest/registers.h"
#include "kernel/blame.h"
#include "kernel/frame.h"
#include "kernel/instruction.h"
#include "kernel/registers.h"

#define REPORT_SCHEMA 1

struct report_guest {
	char *release;	/* "6.1.0-52-amd64" */
	char *version;	/* "#1 SMP ..." */
	char *build_id; /* hex */
	struct maybe_uint kaslr_offset;
	struct maybe_uint taint;
	char *taint_letters; /* "G      D    OE" squeezed: "DOE" */
	struct maybe_int uptime_s;
	struct maybe_int wall_us; /* its clock while it was frozen: since 1970, UTC */
	struct maybe_int panic_on_oops;
	struct maybe_int oops_all_cpu_backtrace;
	struct maybe_int unknown_nmi_backtrace;
	struct maybe_int unknown_nmi_panic;
	struct maybe_int panic_on_unrecovered_nmi;
	struct maybe_int panic_cpu; /* -1 unless panicking */
	struct maybe_int die_counter;
	struct maybe_int cpus_online;
	char *command_line;	/* of the kernel */
	GPtrArray *livepatches; /* of char *: their names; NULL: not known */
	char *oops_signal;	/* "built-in", "module", "absent": how this guest reports oopses */
};

/* The oops as the guest's own log tells it. */
struct report_oops {
	bool known;
	struct maybe_int number;   /* the kernel's count of oopses: "[#1]" */
	bool panicked;		   /* the kernel panics of it */
	char *earlier_dump;	   /* that tells of the same oops, before the panic; or NULL */
	char *kind;		   /* "BUG: kernel NULL pointer dereference", ... */
	struct maybe_uint address; /* faulting address */
	struct maybe_int cpu;
	struct maybe_int pid;
	char *comm;
	char *function;		    /* to blame */
	char *module;		    /* or NULL */
	char *where;		    /* "file.c:123" for BUG() */
	struct maybe_int log_start; /* sequence of the log record that it begins with */
};

/* An oops without a dump of its own, as the guest's log tells it. */
struct report_left_out {
	unsigned int number; /* the kernel's count: "[#N]" */
	uint64_t time_ns;    /* since boot */
	struct maybe_int cpu, pid;
	char *comm;  /* NULL: not known */
	char *title; /* as of a dump */
};

/* What the guest's log complains of, where that is what the report is of: kernel/complaint.h. */
struct report_complaint {
	bool known;
	char *kind; /* "WARNING", "soft lockup", ... */
	enum incident incident;
	bool panicked;		    /* the kernel panics of it */
	struct maybe_int log_start; /* sequence of the log record that it begins with */
};

/* The state of the CPU at the instruction that oopsed, and the code around it. */
struct report_fault {
	bool known;
	const char *source; /* static: "stack": what the exception saved; "log": as printed */
	struct maybe_uint pc;
	struct resolved_symbol symbol; /* of pc */
	GArray *registers;	       /* of struct named_register; NULL: none */
	char *explanation;	       /* how the instruction came to the address, or NULL */
	struct report_code {
		gva_t start;
		GByteArray *bytes; /* NULL: none */
	} code,			   /* in guest memory */
		guest_code;	   /* as the guest printed it; start is 0 where pc is unknown */
	char *register_difference; /* where stack and log differ; NULL: nowhere */
	char *code_difference;	   /* where the two differ; NULL: nowhere, or one is missing */
	GArray *instructions;	   /* of struct instruction; NULL: none */
};

struct report_task {
	bool known;
	struct maybe_int pid, tgid;
	char *comm;
	char *state; /* "running", "interruptible", ... */
};

enum report_context {
	REPORT_CONTEXT_UNKNOWN,
	REPORT_CONTEXT_USER,
	REPORT_CONTEXT_IDLE,
	REPORT_CONTEXT_KERNEL,
	REPORT_CONTEXT_FOREIGN, /* does not run the kernel that the report is of */
};

struct report_vcpu {
	unsigned int vcpu;
	struct maybe_int cpu; /* Linux CPU number */
	enum report_context context;
	const char *foreign;	       /* static: "is in system management mode...", or NULL */
	struct report_task task;       /* current */
	struct report_task stack_task; /* whose stack it is, where that is another one */
	bool have_registers;
	struct vcpu_registers registers;
	bool late;			/* some of what is above was read after the thaw */
	struct maybe_int interrupts_on; /* 0 or 1: does it take interrupts */
	struct maybe_int preempt_depth, softirq_depth, hardirq_depth, nmi_depth;
	struct maybe_int serving_softirq;  /* 0 or 1 */
	struct maybe_int bh_disable_depth; /* of softirq_depth, without the serving */
	struct maybe_int runnable;	   /* tasks */
	struct maybe_int task_ran_ns, tick_age_ns, watchdog_age_ns; /* at least */
	bool waits_for_lock;
	uint64_t lock_address;
	struct maybe_int lock_position; /* in the lock's queue: 1 is the next to have it */
	struct maybe_int lock_queued;	/* how many are in it */
	char *lock_symbol;		/* "name+0x0/0x8 [mod]" or NULL */
	const char *consistency; /* static: "frozen", "late" (something was read after the thaw),
				    "running" */
	GArray *frames;		 /* of struct frame; never NULL */
	char *stopped;		 /* why the unwinding ended before the stack did, or NULL */
	char *guest_frames; /* the guest's own backtrace of this CPU, lines joined with \n, or NULL
			     */
	char *disagreement; /* where that differs from ours, or NULL */
};

/* A task that is on no CPU, or has what another one waits for. */
struct report_sleeper {
	struct report_task task;
	char letter;		 /* of ps(1): 'D', 'S', ... */
	struct maybe_int cpu;	 /* where it runs, or ran last */
	bool running;		 /* it is on that CPU now: its frames are the vCPU's */
	struct maybe_int for_ns; /* it has not run for, at least */
	bool late;		 /* some of it was read after the thaw */
	const char *waits_for;	 /* static: "mutex", ...; NULL: it waits for none that is known */
	uint64_t lock;		 /* address; 0: not known */
	char *lock_symbol;	 /* "name+0x0/0x20 [mod]" or NULL */
	char *waits_in;		 /* the function that waits, or NULL */
	const char *claim; /* static: "owner", "reader", "last holder"; NULL: no holder known */
	struct maybe_int holder; /* which of the tasks */
	GArray *frames;		 /* of struct frame; never NULL */
	char *stopped;		 /* why there are no frames, or no more; or NULL */
};

/* From a task to the one that it waits for, and so on. */
struct report_chain {
	bool deadlock; /* the last one waits for the first one */
	bool certain;  /* each is waited for as an owner, none as one that had the lock last */
	GArray *tasks; /* of guint: which of the tasks */
	char *text;
};

/* A disk of the guest's that has not yet done all it was given to do. */
struct report_disk {
	char *name;
	int64_t in_flight;	    /* requests */
	struct maybe_int oldest_ns; /* since the oldest was made, at least */
	bool late;		    /* some of it was read after the thaw */
};

struct report_tasks {
	bool known;	     /* they were asked for, and looked at */
	int64_t num;	     /* all that were seen */
	int64_t num_blocked; /* of them */
	GArray *shown;	     /* of struct report_sleeper */
	GArray *chains;	     /* of struct report_chain; deadlocks first */
	bool disks_known;
	GArray *disks; /* of struct report_disk; the one with the oldest request first */
};

struct report_module {
	char *name;
	uint64_t base;
	uint64_t size;	/* bytes of its text area */
	char *taint;	/* letters as in /proc/modules, "" none; NULL: not known */
	char *build_id; /* hex, or NULL */
};

struct report_log_record {
	uint64_t sequence;
	uint64_t time_ns;	   /* since boot */
	unsigned int level;	   /* 0 to 7 */
	struct maybe_int cpu, pid; /* who printed it: a CPU in an interrupt, or a task */
	char *text;		   /* may span lines */
};

/* Of a guest that stands still: what, since when, why, and who is to blame. */
struct report_verdict {
	char *text;	   /* some sentences; NULL: there is no verdict */
	const char *blame; /* static: "guest", "host", "unknown" */
};

struct report {
	struct report_collection collection;
	char *title;
	char *fingerprint;    /* fingerprint.h */
	struct blame culprit; /* that it is of */
	struct report_verdict verdict;
	struct report_guest guest;
	struct report_oops oops;
	GArray *left_out;	 /* of struct report_left_out: of collection.suppressed */
	guint num_more_left_out; /* those that the log tells of, too, and are not listed */
	struct report_complaint complaint;
	struct report_fault fault;
	GArray *vcpus; /* of struct report_vcpu */
	struct report_tasks tasks;
	GArray *modules;   /* of struct report_module */
	char *log_source;  /* "printk ring (6.1 records)", NULL: no log */
	GArray *log;	   /* of struct report_log_record */
	GPtrArray *errors; /* of struct report_error */
};

struct report *report_new(void);
void report_free(struct report *report);
typedef struct report Report;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* The vCPU that is the kernel's CPU @cpu; NULL: none, or that is not known. */
const struct report_vcpu *report_find_cpu(const struct report *report, const struct maybe_int *cpu);

void report_add_error(struct report *report, const char *field, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

const char *
report_context_name(enum report_context context); /* "user", "idle", "kernel", "unknown" */

/* Rendered whole; free with g_free() / g_string_free(). */
GString *report_to_text(const struct report *report);
GString *report_to_json(const struct report *report);
GString *report_to_dmesg(const struct report *report); /* as dmesg(1) prints */

#endif
