/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of a collection, from memory and registers to a complete report. A live guest (live.c)
 * and a file (file.c) use the same steps, so that a core gives the same report again.
 */
#ifndef OOPSBT_ANALYZE_ANALYSIS_H
#define OOPSBT_ANALYZE_ANALYSIS_H

#include "kernel/cpu.h"
#include "kernel/settings.h"
#include "report/report.h"

struct analysis {
	struct report *report;
	struct snapshot *frozen; /* source of the CPUs' state */
	struct snapshot *log;	 /* the log's pages; NULL: not read yet */
	char *registers_text;
	GArray *vcpus;		/* of struct vcpu_registers */
	struct kernel_map *map; /* NULL: the kernel is unknown */
	bool map_was_found;	/* the map was found in this analysis, not given */
	bool map_changed;	/* the collector should store the new map */
	uint64_t oopses_seen;	/* number of the reported oops; 0: none */
	uint64_t log_seen;	/* sequence number of the log's last record */
	struct kernel kernel;	/* valid if map */
	struct cpu *cpus;	/* one for each vCPU; NULL until captured with a map */
	struct settings settings;
	char *vmcoreinfo; /* NULL: none */
	bool map_unchecked;
	GArray *shown_tasks; /* of struct task_entry, as report->tasks.shown; NULL: none */
	bool whole_dump; /* made by another tool: consistent, but without the time of the freeze */
};

/*
 * Takes @frozen; @map may be NULL. With @check_now it checks the map at once, which reads memory;
 * otherwise the capture checks it.
 */
void analysis_init(struct analysis *analysis, struct snapshot *frozen, GBytes *map, bool check_now);
void analysis_clear(struct analysis *analysis);

/* Replaces the collector's data. Takes the members of @collection. */
void analysis_set_collection(struct analysis *analysis, struct report_collection *collection);

/* Call while the guest is frozen: parses @registers_text (taken) and reads the changing state. */
void analysis_capture(struct analysis *analysis, char *registers_text);

/* The same with parsed registers; takes @vcpus (of struct vcpu_registers). */
void analysis_capture_vcpus(struct analysis *analysis, GArray *vcpus);

/* Finds the kernel if no map fits or a vCPU runs another kernel. Call it after the capture. */
void analysis_find_kernel(struct analysis *analysis);

/* Does a vCPU seem to run another kernel than the map's (kexec)? Call it after the capture. */
bool analysis_has_strangers(const struct analysis *analysis);
/* Does some vCPU run the map's kernel? */
bool analysis_map_is_run(const struct analysis *analysis);

/* After the thaw: fills CPUs, tasks, stacks, modules and the guest's data. */
void analysis_fill(struct analysis *analysis);

/*
 * Waits until the guest has printed its oops and, after an NMI, its backtraces; at most @settle_ms.
 * Returns the log as read at that time, for analysis_read_log(), or NULL.
 */
struct snapshot *analysis_wait_for_log(struct analysis *analysis, unsigned int settle_ms);

/* Reads the log through @log (taken), and the oops in it. */
void analysis_read_log(struct analysis *analysis, struct snapshot *log);

/*
 * Decides whether each vCPU's frames are from the freeze. Call it when the time of the thaw is
 * known.
 */
void analysis_judge_consistency(struct analysis *analysis);

/* Sets the title and other conclusions, after everything else. */
void analysis_conclude(struct analysis *analysis);

/* The page tables for guest-virtual addresses of this guest; false: unknown. */
bool analysis_space(const struct analysis *analysis, struct address_space *space);

#endif
