/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel map: the few addresses and offsets of one booted kernel that a collection needs.
 *
 * Building a map takes tens of milliseconds (find.h), so it is built once per boot. A collection
 * checks it with a few reads. As text a map has a few KiB, one item a line: a core stores it, and
 * later versions of this program can still read it.
 */
#ifndef OOPSBT_KERNEL_MAP_H
#define OOPSBT_KERNEL_MAP_H

#include "kernel/kallsyms.h"
#include "kernel/x86_64/orc.h"

/* Symbols that a map may have. No kernel has all of them. */
#define KERNEL_SYMBOLS(X)                                                                          \
	X(linux_banner)                                                                            \
	X(_text)                                                                                   \
	X(_stext)                                                                                  \
	X(_etext)                                                                                  \
	X(_end)                                                                                    \
	X(gdt_page)                                                                                \
	X(jiffies_64)                                                                              \
	X(_sinittext)                                                                              \
	X(_einittext)                                                                              \
	X(init_top_pgt)                                                                            \
	X(phys_base)                                                                               \
	X(page_offset_base)                                                                        \
	X(init_task)                                                                               \
	X(init_stack)                                                                              \
	X(kthreadd_task)                                                                           \
	X(__start_notes)                                                                           \
	X(__stop_notes)                                                                            \
	X(init_uts_ns)                                                                             \
	X(__per_cpu_offset)                                                                        \
	X(nr_cpu_ids)                                                                              \
	X(__num_online_cpus)                                                                       \
	X(pcpu_hot)                                                                                \
	X(current_task)                                                                            \
	X(hardirq_stack_ptr)                                                                       \
	X(cea_exception_stacks)                                                                    \
	X(__preempt_count)                                                                         \
	X(runqueues)                                                                               \
	X(klp_patches)                                                                             \
	X(blockdev_superblock)                                                                     \
	X(saved_command_line)                                                                      \
	X(tick_cpu_sched)                                                                          \
	X(watchdog_touch_ts)                                                                       \
	X(watchdog_thresh)                                                                         \
	X(watchdog_enabled)                                                                        \
	X(irq_stat)                                                                                \
	X(kernel_cpustat)                                                                          \
	X(rcu_state)                                                                               \
	X(rcu_cpu_stall_timeout)                                                                   \
	X(rcu_num_nodes)                                                                           \
	X(softlockup_count)                                                                        \
	X(hardlockup_count)                                                                        \
	X(rcu_stall_count)                                                                         \
	X(sysctl_hung_task_detect_count)                                                           \
	X(sysctl_hung_task_warnings)                                                               \
	X(tick_nohz_full_running)                                                                  \
	X(tick_nohz_full_mask)                                                                     \
	X(watchdog_cpumask)                                                                        \
	X(timekeeping_suspended)                                                                   \
	X(warn_count)                                                                              \
	X(hrtimer_bases)                                                                           \
	X(modules)                                                                                 \
	X(__module_address)                                                                        \
	X(__start_orc_unwind)                                                                      \
	X(__stop_orc_unwind)                                                                       \
	X(__start_orc_unwind_ip)                                                                   \
	X(orc_lookup)                                                                              \
	X(orc_lookup_end)                                                                          \
	X(__start_BTF)                                                                             \
	X(__stop_BTF)                                                                              \
	X(vmcoreinfo_data)                                                                         \
	X(vmcoreinfo_size)                                                                         \
	X(prb)                                                                                     \
	X(log_buf)                                                                                 \
	X(log_buf_len)                                                                             \
	X(log_first_idx)                                                                           \
	X(log_next_idx)                                                                            \
	X(die_counter)                                                                             \
	X(tainted_mask)                                                                            \
	X(panic_cpu)                                                                               \
	X(panic_on_oops)                                                                           \
	X(sysctl_oops_all_cpu_backtrace)                                                           \
	X(oops_si_mask)                                                                            \
	X(unknown_nmi_backtrace)                                                                   \
	X(unknown_nmi_si_mask)                                                                     \
	X(unknown_nmi_panic)                                                                       \
	X(panic_on_unrecovered_nmi)                                                                \
	X(oops_notifier_list)                                                                      \
	X(tk_core)                                                                                 \
	X(timekeeper_data)                                                                         \
	X(ftrace_caller)                                                                           \
	X(ftrace_regs_caller)                                                                      \
	X(ftrace_ops_list)                                                                         \
	X(qnodes)                                                                                  \
	X(native_queued_spin_lock_slowpath)                                                        \
	X(__pv_queued_spin_lock_slowpath)                                                          \
	X(local_interrupt_disable)                                                                 \
	X(ret_from_fork)                                                                           \
	X(arch_rethook_trampoline)                                                                 \
	X(kretprobe_trampoline)                                                                    \
	X(__kretprobe_trampoline)                                                                  \
	X(return_to_handler)                                                                       \
	X(__cpu_online_mask)                                                                       \
	X(bpf_kallsyms)                                                                            \
	X(kprobe_table)                                                                            \
	X(aggr_pre_handler)                                                                        \
	X(optprobe_template_entry)                                                                 \
	X(optprobe_template_end)

enum kernel_symbol {
#define KERNEL_SYMBOL_ENUM(name) SYMBOL_##name,
	KERNEL_SYMBOLS(KERNEL_SYMBOL_ENUM)
#undef KERNEL_SYMBOL_ENUM
		NUM_KERNEL_SYMBOLS
};

/* Offsets of members, in bytes, from BTF: X(name, structure, member path). */
#define KERNEL_FIELDS(X)                                                                           \
	X(task_stack, "task_struct", "stack")                                                      \
	X(task_pid, "task_struct", "pid")                                                          \
	X(task_tgid, "task_struct", "tgid")                                                        \
	X(task_comm, "task_struct", "comm")                                                        \
	X(task_state, "task_struct", "__state")                                                    \
	X(task_state_old, "task_struct", "state")                                                  \
	X(task_ret_stack, "task_struct", "ret_stack")                                              \
	X(task_curr_ret_stack, "task_struct", "curr_ret_stack")                                    \
	X(task_kretprobe_instances, "task_struct", "kretprobe_instances")                          \
	X(task_rethooks, "task_struct", "rethooks")                                                \
	X(rq_nr_running, "rq", "nr_running")                                                       \
	X(rq_clock, "rq", "clock")                                                                 \
	X(task_last_arrival, "task_struct", "sched_info.last_arrival")                             \
	X(tick_sched_last_tick_jiffies, "tick_sched", "last_tick_jiffies")                         \
	X(rq_idle, "rq", "idle")                                                                   \
	X(rq_curr, "rq", "curr")                                                                   \
	X(irq_stat_timer, "irq_cpustat_t", "apic_timer_irqs")                                      \
	X(irq_stat_counts, "irq_cpustat_t", "counts")                                              \
	X(kernel_cpustat_cpustat, "kernel_cpustat", "cpustat")                                     \
	X(rcu_state_gp_seq, "rcu_state", "gp_seq")                                                 \
	X(rcu_state_node, "rcu_state", "node")                                                     \
	X(rcu_state_level, "rcu_state", "level")                                                   \
	X(rcu_node_blkd_tasks, "rcu_node", "blkd_tasks")                                           \
	X(rcu_node_gp_tasks, "rcu_node", "gp_tasks")                                               \
	X(rcu_node_qsmask, "rcu_node", "qsmask")                                                   \
	X(rcu_node_grplo, "rcu_node", "grplo")                                                     \
	X(rcu_node_grphi, "rcu_node", "grphi")                                                     \
	X(rcu_node_level, "rcu_node", "level")                                                     \
	X(task_rcu_node_entry, "task_struct", "rcu_node_entry")                                    \
	X(task_rcu_read_nesting, "task_struct", "rcu_read_lock_nesting")                           \
	X(hrtimer_bases_next, "hrtimer_cpu_base", "expires_next")                                  \
	X(pcpu_hot_current_task, "pcpu_hot", "current_task")                                       \
	X(pcpu_hot_preempt_count, "pcpu_hot", "preempt_count")                                     \
	X(pcpu_hot_hardirq_stack_ptr, "pcpu_hot", "hardirq_stack_ptr")                             \
	X(cea_stacks_df, "cea_exception_stacks", "DF_stack")                                       \
	X(cea_stacks_nmi, "cea_exception_stacks", "NMI_stack")                                     \
	X(cea_stacks_db, "cea_exception_stacks", "DB_stack")                                       \
	X(cea_stacks_mce, "cea_exception_stacks", "MCE_stack")                                     \
	X(cea_stacks_vc_guard, "cea_exception_stacks", "VC_stack_guard")                           \
	X(module_list, "module", "list")                                                           \
	X(module_state, "module", "state")                                                         \
	X(module_name, "module", "name")                                                           \
	X(module_taints, "module", "taints")                                                       \
	X(module_kallsyms, "module", "kallsyms")                                                   \
	X(module_core_layout, "module", "core_layout")                                             \
	X(module_init_layout, "module", "init_layout")                                             \
	X(module_layout_base, "module_layout", "base")                                             \
	X(module_layout_size, "module_layout", "size")                                             \
	X(module_layout_text_size, "module_layout", "text_size")                                   \
	X(module_mem, "module", "mem")                                                             \
	X(module_memory_base, "module_memory", "base")                                             \
	X(module_memory_size, "module_memory", "size")                                             \
	X(module_arch, "module", "arch")                                                           \
	X(module_arch_num_orcs, "mod_arch_specific", "num_orcs")                                   \
	X(module_arch_orc_ip, "mod_arch_specific", "orc_unwind_ip")                                \
	X(module_arch_orc, "mod_arch_specific", "orc_unwind")                                      \
	X(mod_kallsyms_symtab, "mod_kallsyms", "symtab")                                           \
	X(mod_kallsyms_num_symtab, "mod_kallsyms", "num_symtab")                                   \
	X(mod_kallsyms_strtab, "mod_kallsyms", "strtab")                                           \
	X(uts_release, "uts_namespace", "name.release")                                            \
	X(uts_version, "uts_namespace", "name.version")                                            \
	X(tk_data_timekeeper, "tk_data", "timekeeper")                                             \
	X(timekeeper_ktime_sec, "timekeeper", "ktime_sec")                                         \
	X(timekeeper_xtime_sec, "timekeeper", "xtime_sec")                                         \
	X(timekeeper_xtime_nsec, "timekeeper", "tkr_mono.xtime_nsec")                              \
	X(timekeeper_wall_to_monotonic, "timekeeper", "wall_to_monotonic")                         \
	X(timekeeper_shift, "timekeeper", "tkr_mono.shift")                                        \
	X(module_build_id, "module", "build_id")                                                   \
	X(module_notes_attrs, "module", "notes_attrs")                                             \
	X(module_notes_first, "module_notes_attrs", "attrs")                                       \
	X(bin_attribute_size, "bin_attribute", "size")                                             \
	X(bin_attribute_private, "bin_attribute", "private")                                       \
	X(klp_patch_list, "klp_patch", "list")                                                     \
	X(klp_patch_mod, "klp_patch", "mod")                                                       \
	X(klp_patch_enabled, "klp_patch", "enabled")                                               \
	X(prb_desc_ring, "printk_ringbuffer", "desc_ring")                                         \
	X(prb_text_data_ring, "printk_ringbuffer", "text_data_ring")                               \
	X(prb_count_bits, "prb_desc_ring", "count_bits")                                           \
	X(prb_descs, "prb_desc_ring", "descs")                                                     \
	X(prb_infos, "prb_desc_ring", "infos")                                                     \
	X(prb_head_id, "prb_desc_ring", "head_id")                                                 \
	X(prb_tail_id, "prb_desc_ring", "tail_id")                                                 \
	X(prb_state_var, "prb_desc", "state_var")                                                  \
	X(prb_text_blk_lpos, "prb_desc", "text_blk_lpos")                                          \
	X(prb_begin, "prb_data_blk_lpos", "begin")                                                 \
	X(prb_next, "prb_data_blk_lpos", "next")                                                   \
	X(prb_seq, "printk_info", "seq")                                                           \
	X(prb_ts_nsec, "printk_info", "ts_nsec")                                                   \
	X(prb_text_len, "printk_info", "text_len")                                                 \
	X(prb_caller_id, "printk_info", "caller_id")                                               \
	X(prb_size_bits, "prb_data_ring", "size_bits")                                             \
	X(prb_data, "prb_data_ring", "data")                                                       \
	X(ftrace_ops_next, "ftrace_ops", "next")                                                   \
	X(ftrace_ops_trampoline, "ftrace_ops", "trampoline")                                       \
	X(ftrace_ops_trampoline_size, "ftrace_ops", "trampoline_size")                             \
	X(ftrace_ops_flags, "ftrace_ops", "flags")                                                 \
	X(rethook_node_ret_addr, "rethook_node", "ret_addr")                                       \
	X(rethook_node_frame, "rethook_node", "frame")                                             \
	X(rethook_node_llist, "rethook_node", "llist")                                             \
	X(kretprobe_instance_ret_addr, "kretprobe_instance", "ret_addr")                           \
	X(kretprobe_instance_fp, "kretprobe_instance", "fp")                                       \
	X(kretprobe_instance_llist, "kretprobe_instance", "llist")                                 \
	X(ftrace_ret_stack_ret, "ftrace_ret_stack", "ret")                                         \
	X(ftrace_ret_stack_retp, "ftrace_ret_stack", "retp")                                       \
	X(bpf_ksym_start, "bpf_ksym", "start")                                                     \
	X(bpf_ksym_end, "bpf_ksym", "end")                                                         \
	X(bpf_ksym_name, "bpf_ksym", "name")                                                       \
	X(bpf_ksym_lnode, "bpf_ksym", "lnode")                                                     \
	X(task_tasks, "task_struct", "tasks")                                                      \
	X(task_signal, "task_struct", "signal")                                                    \
	X(task_thread_node, "task_struct", "thread_node")                                          \
	X(signal_thread_head, "signal_struct", "thread_head")                                      \
	X(task_cpu, "task_struct", "thread_info.cpu")                                              \
	X(task_cpu_old, "task_struct", "cpu")                                                      \
	X(task_on_cpu, "task_struct", "on_cpu")                                                    \
	X(task_exit_state, "task_struct", "exit_state")                                            \
	X(task_exec_start, "task_struct", "se.exec_start")                                         \
	X(task_nvcsw, "task_struct", "nvcsw")                                                      \
	X(task_nivcsw, "task_struct", "nivcsw")                                                    \
	X(task_thread_sp, "task_struct", "thread.sp")                                              \
	X(task_pi_blocked_on, "task_struct", "pi_blocked_on")                                      \
	X(task_blocker, "task_struct", "blocker")                                                  \
	X(task_blocked_on, "task_struct", "blocked_on")                                            \
	X(mutex_owner, "mutex", "owner")                                                           \
	X(mutex_wait_list, "mutex", "wait_list")                                                   \
	X(mutex_waiter_list, "mutex_waiter", "list")                                               \
	X(mutex_waiter_task, "mutex_waiter", "task")                                               \
	X(rwsem_owner, "rw_semaphore", "owner")                                                    \
	X(rwsem_wait_list, "rw_semaphore", "wait_list")                                            \
	X(rwsem_waiter_list, "rwsem_waiter", "list")                                               \
	X(rwsem_waiter_task, "rwsem_waiter", "task")                                               \
	X(semaphore_wait_list, "semaphore", "wait_list")                                           \
	X(semaphore_waiter_list, "semaphore_waiter", "list")                                       \
	X(semaphore_waiter_task, "semaphore_waiter", "task")                                       \
	X(semaphore_last_holder, "semaphore", "last_holder")                                       \
	X(completion_wait_list, "completion", "wait.task_list")                                    \
	X(swait_queue_list, "swait_queue", "task_list")                                            \
	X(swait_queue_task, "swait_queue", "task")                                                 \
	X(swait_head_list, "swait_queue_head", "task_list")                                        \
	X(wait_entry_list, "wait_queue_entry", "entry")                                            \
	X(wait_entry_task, "wait_queue_entry", "private")                                          \
	X(wait_head_list, "wait_queue_head", "head")                                               \
	X(page_wait_list, "wait_page_queue", "wait.entry")                                         \
	X(page_wait_task, "wait_page_queue", "wait.private")                                       \
	X(page_wait_folio, "wait_page_queue", "folio")                                             \
	X(page_wait_page, "wait_page_queue", "page")                                               \
	X(bit_wait_list, "wait_bit_queue_entry", "wq_entry.entry")                                 \
	X(bit_wait_task, "wait_bit_queue_entry", "wq_entry.private")                               \
	X(bit_wait_word, "wait_bit_queue_entry", "key.flags")                                      \
	X(futex_q_list, "futex_q", "list.node_list")                                               \
	X(futex_q_task, "futex_q", "task")                                                         \
	X(futex_q_address, "futex_q", "key.private.address")                                       \
	X(futex_q_offset, "futex_q", "key.both.offset")                                            \
	X(rt_waiter_lock, "rt_mutex_waiter", "lock")                                               \
	X(rt_mutex_base_owner, "rt_mutex_base", "owner")                                           \
	X(rt_mutex_owner, "rt_mutex", "owner")                                                     \
	X(super_block_inodes, "super_block", "s_inodes")                                           \
	X(inode_sb_list, "inode", "i_sb_list")                                                     \
	X(bdev_inode_inode, "bdev_inode", "vfs_inode")                                             \
	X(bdev_inode_bdev, "bdev_inode", "bdev")                                                   \
	X(block_device_disk, "block_device", "bd_disk")                                            \
	X(disk_name, "gendisk", "disk_name")                                                       \
	X(disk_queue, "gendisk", "queue")                                                          \
	X(queue_tag_set, "request_queue", "tag_set")                                               \
	X(tag_set_tags, "blk_mq_tag_set", "tags")                                                  \
	X(tag_set_num_queues, "blk_mq_tag_set", "nr_hw_queues")                                    \
	X(tags_num, "blk_mq_tags", "nr_tags")                                                      \
	X(tags_requests, "blk_mq_tags", "rqs")                                                     \
	X(tags_reserved, "blk_mq_tags", "nr_reserved_tags")                                        \
	X(tags_bitmap, "blk_mq_tags", "bitmap_tags")                                               \
	X(tags_bitmap_own, "blk_mq_tags", "__bitmap_tags")                                         \
	X(sbitmap_queue_sb, "sbitmap_queue", "sb")                                                 \
	X(sbitmap_depth, "sbitmap", "depth")                                                       \
	X(sbitmap_shift, "sbitmap", "shift")                                                       \
	X(sbitmap_num_words, "sbitmap", "map_nr")                                                  \
	X(sbitmap_words, "sbitmap", "map")                                                         \
	X(sbitmap_word_set, "sbitmap_word", "word")                                                \
	X(sbitmap_word_cleared, "sbitmap_word", "cleared")                                         \
	X(request_queue, "request", "q")                                                           \
	X(request_tag, "request", "tag")                                                           \
	X(request_state, "request", "state")                                                       \
	X(request_start, "request", "start_time_ns")                                               \
	X(kprobe_hlist, "kprobe", "hlist")                                                         \
	X(kprobe_addr, "kprobe", "addr")                                                           \
	X(kprobe_slot, "kprobe", "ainsn.insn")                                                     \
	X(kprobe_pre_handler, "kprobe", "pre_handler")                                             \
	X(optprobe_kp, "optimized_kprobe", "kp")                                                   \
	X(optprobe_detour, "optimized_kprobe", "optinsn.insn")

/* Sizes of structures, in bytes. */
#define KERNEL_SIZES(X)                                                                            \
	X(module_memory, "module_memory")                                                          \
	X(exception_stacks, "exception_stacks")                                                    \
	X(qnode, "qnode")                                                                          \
	X(rcu_node, "rcu_node")                                                                    \
	X(bin_attribute, "bin_attribute")                                                          \
	X(irq_stack, "irq_stack")                                                                  \
	X(prb_desc, "prb_desc")                                                                    \
	X(printk_info, "printk_info")                                                              \
	X(printk_log, "printk_log")                                                                \
	X(sbitmap_word, "sbitmap_word")

enum kernel_field {
#define KERNEL_FIELD_ENUM(name, structure, member) FIELD_##name,
	KERNEL_FIELDS(KERNEL_FIELD_ENUM)
#undef KERNEL_FIELD_ENUM
#define KERNEL_SIZE_ENUM(name, structure) SIZE_##name,
		KERNEL_SIZES(KERNEL_SIZE_ENUM)
#undef KERNEL_SIZE_ENUM
			NUM_KERNEL_FIELDS
};

#define FIELD_UNKNOWN (-1)

#define KERNEL_MAP_REVISION 1

/*
 * THREAD_SIZE and IRQ_STACK_SIZE are equal (arch/x86/include/asm/page_64_types.h): this value, and
 * with KASAN twice this value or more.
 */
#define DEFAULT_STACK_SIZE 0x4000u
#define MAX_STACK_SIZE 0x20000u

struct kernel_map {
	char *banner; /* linux_banner, whole */
	/*
	 * KERNEL_MAP_REVISION of the program that made it; 0: made before revisions existed. Cores
	 * older than revision 1 lack the pages that tell whether a vCPU fits.
	 */
	uint64_t revision;
	gpa_t root;	     /* of the kernel's own page tables (init_top_pgt) */
	unsigned int levels; /* 4 or 5 */
	gva_t image_start;
	uint64_t image_length; /* bytes */
	struct kallsyms kallsyms;
	/* kallsyms has functions only (no CONFIG_KALLSYMS_ALL): variables have no names. */
	uint64_t functions_only;
	uint64_t stack_size; /* bytes of a task's stack and of an IRQ stack; a power of two */
	enum orc_layout orc_layout;
	uint64_t num_orcs;
	/*
	 * The guest module (guest-kernel-patch/module), if loaded, and the first entry of the
	 * module list at that time. While the first entry is the same, the list is the same and
	 * need not be walked.
	 */
	gva_t modules_first, guest_module;
	/* Oopses up to this value of the kernel's count (die_counter) were reported or are old. */
	uint64_t oopses_seen;
	/*
	 * 1 + oopses_seen at the start of the collection, for readers of its core; 0: not in a
	 * core.
	 */
#define OOPSES_TOLD_UNKNOWN UINT64_MAX /* this collection made the map */
	uint64_t oopses_told;
	uint64_t log_seen; /* sequence number of the newest log record in a report */
	gva_t fault_pc;	   /* of the last oops, if only a search of all symbols found it; else 0 */
	char *no_btf;	   /* why there are no structure offsets, or NULL */
	char *no_orc;	   /* why backtraces are guesses, or NULL */
	uint64_t symbols[NUM_KERNEL_SYMBOLS]; /* 0: not in this kernel */
	int32_t fields[NUM_KERNEL_FIELDS];    /* FIELD_UNKNOWN: not known */
};

const char *const *kernel_symbol_names(void); /* NUM_KERNEL_SYMBOLS of them */

struct kernel_field_name {
	const char *structure;
	const char *member; /* NULL: the structure's size */
};
const struct kernel_field_name *kernel_field_names(void); /* NUM_KERNEL_FIELDS of them */

/* Can this be the size of a task stack? */
bool kernel_stack_size_valid(uint64_t size);

struct kernel_map *kernel_map_new(void);
void kernel_map_free(struct kernel_map *map);
typedef struct kernel_map KernelMap;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KernelMap, kernel_map_free)

GBytes *kernel_map_to_bytes(const struct kernel_map *map);
/* Accepts bytes from anywhere: checks the form of each item; kernel_map_fits() checks the rest. */
struct kernel_map *kernel_map_from_bytes(GBytes *bytes, GError **error);

/*
 * Does the map describe this kernel? Reads the banner through the map's page tables and the first
 * symbols through the map's kallsyms.
 */
bool kernel_map_fits(const struct kernel_map *map, struct snapshot *snapshot, GError **error);

/* Does the banner say CONFIG_SMP? */
bool kernel_map_smp(const struct kernel_map *map);

struct address_space kernel_map_space(const struct kernel_map *map, struct snapshot *snapshot);

#endif
