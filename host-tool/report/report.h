/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One collection as a structure. analyze/ fills it; text.c (report.txt), json.c (report.json) and
 * core.c (core) render it. Guest strings are stored as read; the renderers escape them. A field
 * that could not be read is NULL or not `known`, and an entry in errors says why.
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
	char *taint_letters; /* such as "DOE" */
	struct maybe_int uptime_s;
	struct maybe_int wall_us; /* the guest's clock while frozen: us since 1970, UTC */
	struct maybe_int panic_on_oops;
	struct maybe_int oops_all_cpu_backtrace;
	struct maybe_int unknown_nmi_backtrace;
	struct maybe_int unknown_nmi_panic;
	struct maybe_int panic_on_unrecovered_nmi;
	struct maybe_int panic_cpu; /* -1 unless panicking */
	struct maybe_int die_counter;
	struct maybe_int cpus_online;
	char *command_line;	/* of the kernel */
	GPtrArray *livepatches; /* of char *: their names; NULL: unknown */
	char *oops_signal; /* "built-in", "module", "absent": what signals oopses in this guest */
};

/* The oops as the guest's log describes it. */
struct report_oops {
	bool known;
	struct maybe_int number; /* the kernel's count of oopses: "[#1]" */
	bool panicked;		 /* the kernel panics because of it */
	char *earlier_dump; /* an earlier dump of the same oops, made before the panic; or NULL */
	char *kind;	    /* "BUG: kernel NULL pointer dereference", ... */
	struct maybe_uint address; /* faulting address */
	struct maybe_int cpu;
	struct maybe_int pid;
	char *comm;
	char *function;		    /* the function to blame */
	char *module;		    /* or NULL */
	char *where;		    /* "file.c:123" for BUG() */
	struct maybe_int log_start; /* sequence number of its first log record */
};

/* An oops without a dump of its own, as the guest's log describes it. */
struct report_left_out {
	unsigned int number; /* from the kernel's count: "[#N]" */
	uint64_t time_ns;    /* since boot */
	struct maybe_int cpu, pid;
	char *comm;  /* NULL: unknown */
	char *title; /* the title that a dump would have */
};

/* The complaint in the guest's log that is the subject of the report: kernel/complaint.h. */
struct report_complaint {
	bool known;
	char *kind; /* "WARNING", "soft lockup", ... */
	enum incident incident;
	bool panicked;		    /* the kernel panics because of it */
	struct maybe_int log_start; /* sequence number of its first log record */
};

/* The state of the CPU at the instruction that oopsed, and the code around it. */
struct report_fault {
	bool known;
	const char
		*source; /* static: "stack": saved by the exception; "log": printed by the guest */
	struct maybe_uint pc;
	struct resolved_symbol symbol; /* of pc */
	GArray *registers;	       /* of struct named_register; NULL: none */
	char *explanation;	       /* how the instruction formed the address, or NULL */
	struct report_code {
		gva_t start;
		GByteArray *bytes; /* NULL: none */
	} code,			   /* in guest memory */
		guest_code;	   /* as the guest printed it; start is 0 if pc is unknown */
	char *register_difference; /* difference between stack and log; NULL: none */
	char *code_difference; /* difference between the two codes; NULL: none, or one is missing */
	GArray *instructions;  /* of struct instruction; NULL: none */
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
	REPORT_CONTEXT_FOREIGN, /* runs another kernel than the report's */
};

struct report_vcpu {
	unsigned int vcpu;
	struct maybe_int cpu; /* Linux CPU number */
	enum report_context context;
	const char *foreign;	       /* static: "is in system management mode...", or NULL */
	struct report_task task;       /* current */
	struct report_task stack_task; /* the owner of the stack, if it is another task */
	bool have_registers;
	struct vcpu_registers registers;
	bool late;			/* some of the above was read after the thaw */
	struct maybe_int interrupts_on; /* 0 or 1: takes interrupts */
	struct maybe_int preempt_depth, softirq_depth, hardirq_depth, nmi_depth;
	struct maybe_int serving_softirq;  /* 0 or 1 */
	struct maybe_int bh_disable_depth; /* part of softirq_depth, without the serving */
	struct maybe_int runnable;	   /* tasks */
	struct maybe_int task_ran_ns, tick_age_ns, watchdog_age_ns; /* minimum */
	/* Known only with tasks: nested RCU readers of its task; 0 or 1: a grace period waits for
	   this CPU. */
	struct maybe_int rcu_depth, rcu_waits;
	bool waits_for_lock;
	uint64_t lock_address;
	struct maybe_int lock_position; /* in the lock's queue; 1: next owner */
	struct maybe_int lock_queued;	/* length of the queue */
	char *lock_symbol;		/* "name+0x0/0x8 [mod]" or NULL */
	const char *consistency; /* static: "frozen", "late" (something was read after the thaw),
				    "running" */
	GArray *frames;		 /* of struct frame; never NULL */
	char *stopped;		 /* why unwinding ended before the stack, or NULL */
	char *guest_frames; /* the guest's own backtrace of this CPU, lines joined with \n, or NULL
			     */
	char *disagreement; /* first difference to our frames, or NULL */
};

/* A task that is on no CPU, or that holds what another task waits for. */
struct report_sleeper {
	struct report_task task;
	char letter;		 /* of ps(1): 'D', 'S', ... */
	struct maybe_int cpu;	 /* where it runs or last ran */
	bool running;		 /* it is on that CPU now: the vCPU has its frames */
	struct maybe_int for_ns; /* minimum time since it last ran */
	bool late;		 /* some of it was read after the thaw */
	const char *waits_for;	 /* static: "mutex", ...; NULL: nothing that is known */
	uint64_t lock;		 /* address; 0: unknown */
	char *lock_symbol;	 /* "name+0x0/0x20 [mod]" or NULL */
	char *waits_in;		 /* the function that waits, or NULL */
	const char
		*claim; /* static: "owner", "reader", "last holder"; NULL: the holder is unknown */
	struct maybe_int holder; /* index of the task */
	GArray *frames;		 /* of struct frame; never NULL */
	char *stopped;		 /* why frames are missing, or NULL */
};

/* A chain: each task waits for the next. */
struct report_chain {
	bool deadlock; /* the last waits for the first */
	bool certain;  /* all are current owners; none is a last holder */
	GArray *tasks; /* of guint: indexes of the tasks */
	char *text;
};

/* A disk of the guest with requests that are not completed. */
struct report_disk {
	char *name;
	int64_t in_flight;	    /* requests */
	struct maybe_int oldest_ns; /* minimum age of the oldest request */
	bool late;		    /* some of it was read after the thaw */
};

struct report_tasks {
	bool known;	     /* requested and read */
	int64_t num;	     /* number of all tasks found */
	int64_t num_blocked; /* of these */
	GArray *shown;	     /* of struct report_sleeper */
	GArray *chains;	     /* of struct report_chain; deadlocks first */
	GArray *readers;     /* of guint: tasks that hold up the RCU grace period; oldest first */
	bool disks_known;
	GArray *disks; /* of struct report_disk; oldest request first */
};

struct report_module {
	char *name;
	uint64_t base;
	uint64_t size;	/* bytes of its text area */
	char *taint;	/* letters as in /proc/modules; "": none; NULL: unknown */
	char *build_id; /* hex, or NULL */
};

struct report_log_record {
	uint64_t sequence;
	uint64_t time_ns;	   /* since boot */
	unsigned int level;	   /* 0 to 7 */
	struct maybe_int cpu, pid; /* the caller: a CPU in an interrupt, or a task */
	char *text;		   /* may contain newlines */
};

/* The verdict on a stalled guest: what stalls, since when, why, and who is to blame. */
struct report_verdict {
	char *text;	   /* some sentences; NULL: no verdict */
	const char *blame; /* static: "guest", "host", "unknown" */
};

struct report {
	struct report_collection collection;
	char *title;
	char *fingerprint;    /* fingerprint.h */
	struct blame culprit; /* the code that the fingerprint is made from */
	struct report_verdict verdict;
	struct report_guest guest;
	struct report_oops oops;
	GArray *left_out;	 /* of struct report_left_out; of collection.suppressed */
	guint num_more_left_out; /* more in the log that are not listed */
	unsigned int missed;	 /* of these: came while nobody watched, so they had no signal */
	struct report_complaint complaint;
	struct report_fault fault;
	GArray *vcpus; /* of struct report_vcpu */
	struct report_tasks tasks;
	GArray *modules;   /* of struct report_module */
	char *log_source;  /* "printk ring (6.1 records)"; NULL: no log */
	GArray *log;	   /* of struct report_log_record */
	GPtrArray *errors; /* of struct report_error */
};

struct report *report_new(void);
void report_free(struct report *report);
typedef struct report Report;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* The vCPU that is Linux CPU @cpu; NULL: none, or unknown. */
const struct report_vcpu *report_find_cpu(const struct report *report, const struct maybe_int *cpu);

void report_add_error(struct report *report, const char *field, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

const char *
report_context_name(enum report_context context); /* "user", "idle", "kernel", "unknown" */

/* The complete text; free with g_free() / g_string_free(). */
GString *report_to_text(const struct report *report);
GString *report_to_json(const struct report *report);
GString *report_to_dmesg(const struct report *report); /* as dmesg(1) prints */

#endif
