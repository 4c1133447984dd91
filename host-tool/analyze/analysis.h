/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From memory and registers to a filled report, in the steps of a collection. The same steps run
 * on a live guest (live.c) and on a file (file.c), so that a core gives the report it came with.
 */
#ifndef OOPSBT_ANALYZE_ANALYSIS_H
#define OOPSBT_ANALYZE_ANALYSIS_H

#include "kernel/cpu.h"
#include "kernel/settings.h"
#include "report/report.h"

struct analysis {
	struct report *report;
	struct snapshot *frozen; /* what the CPUs' state is read through */
	struct snapshot *log;	 /* of the log's pages; NULL until it is read */
	char *registers_text;
	GArray *vcpus;		/* of struct vcpu_registers */
	struct kernel_map *map; /* NULL: no kernel known */
	bool map_was_found;	/* here; not given */
	bool map_changed;	/* the collector should keep the new one */
	uint64_t oopses_seen;	/* the number of the oops reported; 0: none */
	uint64_t log_seen;	/* sequence number of the log's last record */
	struct kernel kernel;	/* valid if map */
	struct cpu *cpus;	/* one a vCPU; NULL until captured with a map */
	struct settings settings;
	char *vmcoreinfo; /* NULL: none */
	bool map_unchecked;
	GArray *shown_tasks; /* of struct task_entry, as report->tasks.shown; NULL: none */
	bool whole_dump;     /* of another tool: consistent, but nobody says when it was frozen */
};

/*
 * Takes @frozen; @map may be NULL. With @check_now the map is checked at once, which reads memory;
 * else when the capture begins.
 */
void analysis_init(struct analysis *analysis, struct snapshot *frozen, GBytes *map, bool check_now);
void analysis_clear(struct analysis *analysis);

/* What the collector knows by now, instead of what it knew before. Takes its members. */
void analysis_set_collection(struct analysis *analysis, struct report_collection *collection);

/* While the guest is frozen: parses @registers_text (taken) and reads what will change. */
void analysis_capture(struct analysis *analysis, char *registers_text);

/* The same with registers that did not come as text; takes @vcpus (of struct vcpu_registers). */
void analysis_capture_vcpus(struct analysis *analysis, GArray *vcpus);

/*
 * Any time after: finds the kernel where no map fitted; and where a vCPU runs another kernel than
 * the map's, that one.
 */
void analysis_find_kernel(struct analysis *analysis);

/* A vCPU runs another kernel than the map's (kexec), or what looks like one; once captured. */
bool analysis_has_strangers(const struct analysis *analysis);
/* Some vCPU runs the map's kernel. */
bool analysis_map_is_run(const struct analysis *analysis);

/* After the thaw: CPUs, tasks, stacks, modules, the guest's facts. */
void analysis_fill(struct analysis *analysis);

/*
 * Waits until the guest has written its oops (and after an NMI: its backtraces), at most
 * @settle_ms. What was read of the log when that was so, for analysis_read_log(), or NULL.
 */
struct snapshot *analysis_wait_for_log(struct analysis *analysis, unsigned int settle_ms);

/* Reads the log through @log (taken) and what it says of the oops. */
void analysis_read_log(struct analysis *analysis, struct snapshot *log);

/* Whether each vCPU's frames are of the frozen instant; when the collector has told of the thaw. */
void analysis_judge_consistency(struct analysis *analysis);

/* Title and other conclusions; when all else is known. */
void analysis_conclude(struct analysis *analysis);

/* The page tables by which guest-virtual addresses of this guest are read; false: none are known.
 */
bool analysis_space(const struct analysis *analysis, struct address_space *space);

#endif
