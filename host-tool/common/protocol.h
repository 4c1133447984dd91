/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What oopsbtd and oopsbt-analyze say to each other, over one SOCK_STREAM socket pair that the
 * analyser finds as descriptor 3. A message is a header and a payload; descriptors ride on JOB (the
 * guest's memory) and on FINISH (where the report goes: no disk is touched before that).
 *
 *   daemon                                 analyser (already sandboxed)
 *   JOB  {context, extents, ...} + fd   ->
 *                                       <- READY
 *   FROZEN {registers text}             ->                  the guest does not run
 *                                       <- CAPTURED {verdict}
 *   THAWED {context JSON}               ->                  the guest runs, an NMI was sent or not
 *                                       <- ANALYSED         the log has settled, all pages are read
 *   FINISH {context JSON} + fds         ->                  with timeline.stored
 *                                       <- DONE {title}     all output descriptors are written
 *   (end of file)                       ->                  the analyser exits
 *
 * Where memory is relayed the analyser asks for it whenever it is its turn: NEED {address, length},
 * answered by DATA {bytes}. So FROZEN is sent after READY only.
 *
 * A JOB of kind "map" asks only for the kernel map of a running guest: READY, FROZEN (registers
 * taken while it runs), then CAPTURED, STALL, DISKS, MAP, and DONE with the guest's release as
 * title. A MAP message may also come before ANALYSED in a collection, when the given map did not
 * fit or none was given; so does BLOCKED, when it is of a hung task.
 *
 * The daemon never interprets guest memory: it copies a verdict's numbers and validates the files.
 */
#ifndef OOPSBT_COMMON_PROTOCOL_H
#define OOPSBT_COMMON_PROTOCOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define ANALYZER_CONTROL_FD 3

/* Every payload, both ways. 4096 vCPUs of register text are 6 MiB. */
#define PROTOCOL_MAX_PAYLOAD (16u << 20)
/* What the analyser may send at most in one message. */
#define PROTOCOL_MAX_REPLY (256u << 10)

enum protocol_type {
	PROTOCOL_JOB = 1, /* JSON, see common/context.h; fd: O_RDONLY /proc/<pid>/mem, or /dev/null:
			     relay */
	PROTOCOL_READY,	  /* empty */
	PROTOCOL_FROZEN,  /* registers text, UTF-8, not NUL-terminated; empty: none to be had */
	PROTOCOL_NEED,	  /* struct protocol_need */
	PROTOCOL_DATA,	  /* the bytes asked for; shorter: could not be read */
	PROTOCOL_CAPTURED, /* struct protocol_verdict */
	PROTOCOL_THAWED,   /* context JSON */
	PROTOCOL_MAP,	   /* the new kernel map, opaque to the daemon, at most PROTOCOL_MAX_MAP */
	PROTOCOL_ANALYSED, /* empty */
	PROTOCOL_FINISH,   /* context JSON; fds in the order of enum protocol_fd */
	PROTOCOL_DONE,	  /* title (collection) or guest release (map): UTF-8, not NUL-terminated */
	PROTOCOL_STALL,	  /* struct protocol_stall: where the stall watch is to look */
	PROTOCOL_BLOCKED, /* of struct protocol_blocked: tasks for the stall watch to follow */
	PROTOCOL_DISKS,	  /* struct protocol_disks: where requests to disks are to be seen */
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

/* Integers of the guest kernel that decide what it does on an oops and on an NMI. */
enum protocol_setting {
	PROTOCOL_PANIC_ON_OOPS,
	PROTOCOL_OOPS_ALL_CPU_BACKTRACE,
	PROTOCOL_UNKNOWN_NMI_BACKTRACE, /* the sysctl, or the guest module's parameter nmi_backtrace
					 */
	PROTOCOL_UNKNOWN_NMI_PANIC,
	PROTOCOL_PANIC_ON_UNRECOVERED_NMI,
	PROTOCOL_NUM_SETTINGS,
};

struct protocol_setting_value {
	uint64_t address; /* guest-physical, 4 bytes; 0: this guest has no such setting */
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

/* Seen in guest memory at the frozen instant (unknown if no kernel map was at hand, or a vCPU runs
 * another kernel than the map's). */
struct protocol_verdict {
	uint32_t known;		/* 0: nothing below is meaningful */
	int32_t panic_cpu;	/* -1: the kernel is not panicking, so CRASH_LOADED meant an oops */
	uint32_t nmi_handler;	/* 1: a handler that answers a host NMI is there and switched on */
	uint32_t nmi_panics;	/* 1: unknown_nmi_panic or panic_on_unrecovered_nmi is set */
	uint32_t die_counter;	/* the memory watch's counter, as it stands */
	uint32_t oops_reporter; /* enum protocol_reporter: what signals an oops in the guest */
	uint64_t die_counter_address; /* guest-physical, 4 bytes; 0 unknown */
	uint64_t taint_address;	      /* guest-physical, 8 bytes; 0 unknown */
	uint64_t taint;
	uint64_t clock_address; /* guest-physical, 8 bytes: a count of the kernel's time; 0 unknown
				 */
	struct protocol_setting_value settings[PROTOCOL_NUM_SETTINGS];
};

/* Guest-physical addresses of one CPU's integers; 0: not known, or this kernel has none. */
struct protocol_stall_cpu {
	uint32_t number;   /* the kernel's */
	uint32_t vcpu;	   /* QEMU's number of it */
	uint32_t tickless; /* 1: it may run without a tick (nohz_full) */
	uint32_t reserved;
	uint64_t irqs;	   /* 4 bytes, irq_stat.apic_timer_irqs */
	uint64_t touch;	   /* 8 bytes, watchdog_touch_ts */
	uint64_t watched;  /* 8 bytes, of watchdog_cpumask: bit number % 64 */
	uint64_t current;  /* 8 bytes, the run queue's curr */
	uint64_t idle;	   /* no address: what is there while it idles */
	uint64_t runnable; /* 4 bytes, the run queue's nr_running */
	uint64_t user;	   /* 2 x 8 bytes, kernel_cpustat: CPUTIME_USER and CPUTIME_NICE */
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
	uint64_t warnings;	   /* 4 bytes, warn_count (6.2 and later, and stable kernels) */
	uint64_t clock;		   /* 8 bytes, the timekeeper's ktime_sec: seconds since boot */
	uint64_t suspended;	   /* 4 bytes, timekeeping_suspended: not 0: the guest sleeps */
	uint32_t num_cpus;	   /* at most PROTOCOL_STALL_MAX_CPUS */
	uint32_t reserved;
	struct protocol_stall_cpu cpus[];
};

/* A task that is blocked until its counts of switches change. */
struct protocol_blocked {
	uint64_t voluntary, forced; /* guest-physical, 8 bytes each: nvcsw and nivcsw */
	uint64_t switches;	    /* their sum, as it was seen */
	uint64_t for_ns;	    /* it has waited for that long, at least */
};

#define PROTOCOL_MAX_BLOCKED 16u

/*
 * Requests that a hardware queue of a disk, or several, have been given. There is a word for up to
 * 64 requests, the words lie @word_size bytes apart. Bit i that is in .set and not in .cleared (8
 * bytes each, in the word) is request number @first + i of all the words' bits together.
 */
struct protocol_disk_queue {
	uint64_t words;	   /* guest-physical, num_words * word_size bytes */
	uint64_t requests; /* guest-physical, 8 bytes each by number: see protocol_disks.base */
	uint32_t num_words, word_size;
	uint32_t set, cleared; /* offsets in a word; cleared == set: there is none */
	uint32_t shift;	       /* 2^shift bits a word, but for the last */
	uint32_t num_requests; /* from @first on */
	uint32_t first;
	uint32_t reserved;
};

#define PROTOCOL_DISKS_MAX_QUEUES 256u
#define PROTOCOL_DISKS_MAX_WORDS 16384u	 /* bytes of a queue */
#define PROTOCOL_DISKS_MAX_REQUEST 1024u /* bytes of a request that are looked at */

struct protocol_disks {
	uint64_t devices; /* guest-physical, 16 bytes that change as disks come and go; 0 unknown */
	uint64_t devices_seen[2]; /* what was there */
	uint64_t base; /* what is in .requests, less this, is the request's guest-physical address
			*/
	uint32_t number, state, start; /* offsets in a request, of 4, 4 and 8 bytes */
	uint32_t state_in_flight;      /* the state of one that was given to the disk */
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
	PROTOCOL_ERROR_TIMEOUT, /* nothing whole within the time */
	PROTOCOL_ERROR_INVALID, /* not a message of this protocol */
	PROTOCOL_ERROR_IO,
};

/* Blocking, for at most the socket's own SO_SNDTIMEO; @fds may be NULL. */
bool protocol_send(int socket, enum protocol_type type, const void *payload, size_t length,
		   const int *fds, unsigned int num_fds, GError **error);

/*
 * Waits at most @timeout_ms (-1: for ever) for one message. @max_payload is the largest payload
 * accepted. On success the caller owns @message: protocol_message_clear().
 */
bool protocol_receive(int socket, size_t max_payload, int timeout_ms,
		      struct protocol_message *message, GError **error);

/* Drops the payload and closes descriptors that were not taken (set to -1). */
void protocol_message_clear(struct protocol_message *message);

#endif
