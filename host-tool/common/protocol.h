/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol between oopsbtd and oopsbt-analyze, over one SOCK_STREAM socket pair that the
 * analyser finds as descriptor 3. A message is a header and a payload; descriptors ride on JOB (the
 * guest's memory) and on FINISH (the output files: nothing is written to disk before that).
 *
 *   daemon                                 analyser (already sandboxed)
 *   JOB  {context, extents, ...} + fd   ->
 *                                       <- READY
 *   FROZEN {registers text}             ->                  the guest is stopped
 *                                       <- CAPTURED {verdict}
 *   THAWED {context JSON}               ->                  the guest runs; the NMI is decided
 *                                       <- ANALYSED         the log has settled, all pages are read
 *   FINISH {context JSON} + fds         ->                  with timeline.stored
 *                                       <- DONE {title}     all output descriptors are written
 *   (end of file)                       ->                  the analyser exits
 *
 * If memory is relayed, the analyser may send NEED {address, length} whenever it is its turn,
 * and the daemon answers DATA {bytes}. So FROZEN is sent after READY only.
 *
 * A JOB of kind "map" only asks for the kernel map of a running guest: READY, FROZEN (registers
 * taken while it runs), then CAPTURED, STALL, DISKS, MAP, and DONE with the guest's release as
 * title. In a collection, a MAP message comes before ANALYSED if no map was given or it did not
 * fit, and a BLOCKED message if the incident is a hung task.
 *
 * The daemon never interprets guest memory: it copies numbers of a verdict and validates the files.
 */
#ifndef OOPSBT_COMMON_PROTOCOL_H
#define OOPSBT_COMMON_PROTOCOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define ANALYZER_CONTROL_FD 3

/* For every payload, in both directions. The register text of 4096 vCPUs has 6 MiB. */
#define PROTOCOL_MAX_PAYLOAD (16u << 20)
/* The maximum payload of a message from the analyser. */
#define PROTOCOL_MAX_REPLY (256u << 10)

enum protocol_type {
	PROTOCOL_JOB = 1,  /* JSON, see common/context.h; fd: O_RDONLY /proc/<pid>/mem, or /dev/null
			      if memory is relayed */
	PROTOCOL_READY,	   /* empty */
	PROTOCOL_FROZEN,   /* register text, UTF-8, not NUL-terminated; empty: there is none */
	PROTOCOL_NEED,	   /* struct protocol_need */
	PROTOCOL_DATA,	   /* the requested bytes; fewer: they could not be read */
	PROTOCOL_CAPTURED, /* struct protocol_verdict */
	PROTOCOL_THAWED,   /* context JSON */
	PROTOCOL_MAP,	   /* the new kernel map, opaque to the daemon, at most PROTOCOL_MAX_MAP */
	PROTOCOL_ANALYSED, /* empty */
	PROTOCOL_FINISH,   /* context JSON; fds in the order of enum protocol_fd */
	PROTOCOL_DONE,	  /* title (collection) or guest release (map): UTF-8, not NUL-terminated */
	PROTOCOL_STALL,	  /* struct protocol_stall: the addresses for the stall watch */
	PROTOCOL_BLOCKED, /* of struct protocol_blocked: the tasks for the stall watch */
	PROTOCOL_DISKS,	  /* struct protocol_disks: where to read requests to disks */
	PROTOCOL_END_OF_TYPES,
};

#define PROTOCOL_MAX_MAP (64u << 10)

/* Descriptors sent with FINISH, in this order. */
enum protocol_fd {
	PROTOCOL_FD_REPORT_TEXT,
	PROTOCOL_FD_REPORT_JSON,
	PROTOCOL_FD_CORE,
	PROTOCOL_FD_DMESG,
	PROTOCOL_NUM_FDS,
};

struct protocol_need {
	uint64_t address; /* guest-physical */
	uint64_t length;  /* bytes, at most 1 MiB */
};

/* Variables of the guest kernel that decide what an oops and an NMI do. */
enum protocol_setting {
	PROTOCOL_PANIC_ON_OOPS,
	PROTOCOL_OOPS_ALL_CPU_BACKTRACE,
	PROTOCOL_UNKNOWN_NMI_BACKTRACE, /* the sysctl, or the parameter nmi_backtrace of the guest
					   module */
	PROTOCOL_UNKNOWN_NMI_PANIC,
	PROTOCOL_PANIC_ON_UNRECOVERED_NMI,
	PROTOCOL_NUM_SETTINGS,
};

struct protocol_setting_value {
	uint64_t address; /* guest-physical, 4 bytes; 0: the guest has no such setting */
	int32_t value;
	uint32_t reserved;
};

enum protocol_reporter {
	PROTOCOL_REPORTER_NONE,
	PROTOCOL_REPORTER_MODULE,
	PROTOCOL_REPORTER_BUILT_IN,
	PROTOCOL_REPORTER_UNKNOWN,
	PROTOCOL_NUM_REPORTERS,
};

/*
 * What the guest's memory showed while frozen. Unknown if there was no kernel map, or a vCPU ran
 * another kernel.
 */
struct protocol_verdict {
	uint32_t known;		      /* 0: nothing below is valid */
	int32_t panic_cpu;	      /* -1: not panicking, so CRASH_LOADED meant an oops */
	uint32_t nmi_handler;	      /* 1: a handler of host NMIs is present and switched on */
	uint32_t nmi_panics;	      /* 1: unknown_nmi_panic or panic_on_unrecovered_nmi is set */
	uint32_t die_counter;	      /* the memory watch's counter, its current value */
	uint32_t oops_reporter;	      /* enum protocol_reporter: what signals oopses in the guest */
	uint64_t die_counter_address; /* guest-physical, 4 bytes; 0 unknown */
	uint64_t taint_address;	      /* guest-physical, 8 bytes; 0 unknown */
	uint64_t taint;
	uint64_t clock_address; /* guest-physical, 8 bytes: a counter of kernel time; 0 unknown */
	struct protocol_setting_value settings[PROTOCOL_NUM_SETTINGS];
};

/* Guest-physical addresses of one CPU's variables; 0: unknown, or the kernel has none. */
struct protocol_stall_cpu {
	uint32_t number;   /* Linux number */
	uint32_t vcpu;	   /* QEMU's number of it */
	uint32_t tickless; /* 1: may run without a tick (nohz_full) */
	uint32_t reserved;
	uint64_t irqs;	   /* 4 bytes, irq_stat.apic_timer_irqs */
	uint64_t touch;	   /* 8 bytes, watchdog_touch_ts */
	uint64_t watched;  /* 8 bytes, of watchdog_cpumask: bit number % 64 */
	uint64_t current;  /* 8 bytes, the run queue's curr */
	uint64_t idle;	   /* not an address: the value of `current` while idle */
	uint64_t runnable; /* 4 bytes, the run queue's nr_running */
	uint64_t user;	   /* 2 x 8 bytes, kernel_cpustat.cpustat: CPUTIME_USER and CPUTIME_NICE */
	uint64_t next;	 /* 8 bytes, hrtimer_bases.expires_next: its next timer, in ns since boot */
	uint64_t online; /* 8 bytes, of __cpu_online_mask: bit number % 64 */
};

#define PROTOCOL_STALL_MAX_CPUS 1024u

struct protocol_stall {
	uint64_t watchdog_thresh;  /* 4 bytes, seconds */
	uint64_t watchdog_enabled; /* 8 bytes; bit 1: the soft lockup watchdog is on */
	uint64_t rcu_timeout;	   /* 4 bytes, rcu_cpu_stall_timeout in seconds */
	uint64_t gp_seq;	   /* 8 bytes, rcu_state.gp_seq */
	uint64_t hung_count;	   /* 8 bytes, sysctl_hung_task_detect_count (6.16 and later) */
	uint64_t hung_warnings;	   /* 4 bytes, sysctl_hung_task_warnings */
	uint64_t soft_count, hard_count, rcu_count; /* 4 bytes, softlockup_count, hardlockup_count
						       and rcu_stall_count (6.16 and later) */
	uint64_t warnings;  /* 4 bytes, warn_count (6.2 and later, and stable kernels) */
	uint64_t clock;	    /* 8 bytes, the timekeeper's ktime_sec: seconds since boot */
	uint64_t suspended; /* 4 bytes, timekeeping_suspended; not 0: the guest is suspended */
	uint32_t num_cpus;  /* at most PROTOCOL_STALL_MAX_CPUS */
	uint32_t num_vcpus; /* also those that had not started */
	struct protocol_stall_cpu cpus[];
};

/*
 * A task that counts as blocked until its switch counts change. When it has ended, another task may
 * have its memory, with the same counts.
 */
struct protocol_blocked {
	uint64_t voluntary, forced; /* guest-physical, 8 bytes each: nvcsw and nivcsw */
	uint64_t pid_address;	    /* guest-physical, 4 bytes */
	uint64_t switches, pid;	    /* the sum of the counts, and the PID, as read */
	uint64_t for_ns;	    /* minimum time that it has waited */
};

#define PROTOCOL_MAX_BLOCKED 16u

/*
 * The requests of one or more hardware queues of a disk. Each word describes up to 64 requests;
 * words are @word_size bytes apart. A request is in use if its bit is in .set and not in .cleared
 * (8 bytes each, in the word). Its number is @first + the position of the bit, counted over all
 * words.
 */
struct protocol_disk_queue {
	uint64_t words; /* guest-physical, num_words * word_size bytes */
	uint64_t
		requests; /* guest-physical, an array of 8-byte pointers: see protocol_disks.base */
	uint32_t num_words, word_size;
	uint32_t set, cleared; /* offsets in a word; cleared == set: no cleared word */
	uint32_t shift;	       /* 2^shift bits per word, except the last */
	uint32_t num_requests; /* from @first on */
	uint32_t first;
	uint32_t reserved;
};

#define PROTOCOL_DISKS_MAX_QUEUES 256u
#define PROTOCOL_DISKS_MAX_WORDS 16384u	 /* bytes of a queue's words */
#define PROTOCOL_DISKS_MAX_REQUEST 1024u /* bytes of a request that are read */

struct protocol_disks {
	uint64_t devices; /* guest-physical, 16 bytes that change when disks come and go; 0 unknown
			   */
	uint64_t devices_seen[2]; /* their values */
	uint64_t base; /* a pointer in .requests minus this is the request's guest-physical address
			*/
	uint32_t number, state, start; /* offsets in a request, of 4, 4 and 8 bytes */
	uint32_t state_in_flight;      /* the state of a request that the disk has */
	uint32_t num_queues;	       /* at most PROTOCOL_DISKS_MAX_QUEUES */
	uint32_t reserved;
	struct protocol_disk_queue queues[];
};

struct protocol_message {
	enum protocol_type type;
	GBytes *payload;
	int fds[PROTOCOL_NUM_FDS];
	unsigned int num_fds;
};

#define PROTOCOL_ERROR (protocol_error_quark())
GQuark protocol_error_quark(void);

enum protocol_error {
	PROTOCOL_ERROR_CLOSED,	/* the other side closed the socket */
	PROTOCOL_ERROR_TIMEOUT, /* no complete message within the time */
	PROTOCOL_ERROR_INVALID, /* not a message of this protocol */
	PROTOCOL_ERROR_IO,
};

/* Blocks for at most the socket's SO_SNDTIMEO. @fds may be NULL. */
bool protocol_send(int socket, enum protocol_type type, const void *payload, size_t length,
		   const int *fds, unsigned int num_fds, GError **error);

/*
 * Waits at most @timeout_ms (-1: without limit) for one message with a payload of at most
 * @max_payload bytes. On success the caller owns @message: protocol_message_clear().
 */
bool protocol_receive(int socket, size_t max_payload, int timeout_ms,
		      struct protocol_message *message, GError **error);

/* Frees the payload and closes the descriptors that were not taken (set to -1). */
void protocol_message_clear(struct protocol_message *message);

#endif
