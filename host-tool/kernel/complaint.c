/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/complaint.h"

#include <string.h>

#include "kernel/log_match.h"

/* The maximum number of lines of a complaint. */
#define MAX_LINES 400

/* Where the log names the code that is to blame. */
enum who {
	WHO_NOBODY,
	WHO_TRACE,  /* in the trace */
	WHO_PLACE,  /* in the line, as symbol+offset; its callers are in the trace */
	WHO_NAME,   /* in the line, as a bare name */
	WHO_LOOP,   /* in the registers and the trace, anywhere in a loop */
	WHO_STACK,  /* as WHO_LOOP, without the registers: in a trace that fills the stack */
	WHO_WAIT,   /* in the trace of a waiting task */
	WHO_MEMORY, /* in the trace of an allocation */
	WHO_LOCK,   /* in the line of the lock that the task wants; its callers are in the trace */
	WHO_BECAME, /* in the trace of how a lock got its state */
	WHO_PAGE,   /* in the trace of the page's allocation, if that is known */
	WHO_WORK,   /* in the next line, as a bare name */
};

#define PLACE "(?<place>[^ ,]+(?: \\[[^\\]]+\\])?)"

/*
 * The first entry that matches a line counts. Without a kind in the table, the first group is the
 * kind. The group "place" is the place.
 */
static const struct form {
	const char *pattern, *kind;
	enum who who;
	enum incident incident;
} forms[] = {
	/* The sanitizers */
	{"^BUG: (KASAN: [a-z -]+?) (?:in " PLACE "|on address)", NULL, WHO_PLACE, INCIDENT_WARNING},
	{"^BUG: (KMSAN: [a-z-]+) in " PLACE, NULL, WHO_PLACE, INCIDENT_WARNING},
	{"^BUG: (KFENCE: [a-z -]+?) in " PLACE, NULL, WHO_PLACE, INCIDENT_WARNING},
	{"^BUG: (KCSAN: [a-z: -]+?) in (?<place>[^ +]+)", NULL, WHO_NAME, INCIDENT_WARNING},
	{"^UBSAN: Undefined behaviour in", "UBSAN: undefined behaviour", WHO_TRACE,
	 INCIDENT_WARNING},
	{"^(UBSAN: [a-z-]+) in", NULL, WHO_TRACE, INCIDENT_WARNING},
	{"BUG: (memory leak)", NULL, WHO_MEMORY, INCIDENT_WARNING},
	/* CPUs and tasks that make no progress */
	{"^(?:NMI )?(?:watchdog: )?BUG: (soft lockup) - CPU#", NULL, WHO_LOOP,
	 INCIDENT_SOFT_LOCKUP},
	{"^(?:NMI )?[Ww]atchdog: (?:CPU ?[0-9]+: )?(?:Watchdog detected )?hard LOCKUP",
	 "hard lockup", WHO_LOOP, INCIDENT_HARD_LOCKUP},
	{"^(?:rcu: )?INFO: rcu_[a-z_]+ (?:self-)?detected(?: expedited)? stall", "RCU stall",
	 WHO_LOOP, INCIDENT_RCU_STALL},
	{"^INFO: task .* blocked (?:in I/O wait |on .*)?for more than [0-9]+ seconds", "hung task",
	 WHO_WAIT, INCIDENT_HUNG_TASK},
	/* The rest of that line, if the task's name contains a newline. */
	{"^.{0,16}:[0-9]+ blocked (?:in I/O wait |on .*)?for more than [0-9]+ seconds", "hung task",
	 WHO_WAIT, INCIDENT_HUNG_TASK},
	{"^INFO: task .* can't die for more than", "task that cannot die", WHO_WAIT,
	 INCIDENT_HUNG_TASK},
	{"^BUG: (workqueue lockup)", NULL, WHO_NOBODY, INCIDENT_WARNING},
	/* Locks */
	{"(?:INFO|WARNING): possible (?:circular locking dependency|recursive locking|irq lock "
	 "inversion dependency) detected",
	 "possible deadlock", WHO_LOCK, INCIDENT_WARNING},
	{"(?:INFO|WARNING): .*-safe -> .*-unsafe lock order detected", "possible deadlock",
	 WHO_BECAME, INCIDENT_WARNING},
	{"(?:INFO|WARNING): (inconsistent lock state)", NULL, WHO_TRACE, INCIDENT_WARNING},
	{"(?:INFO|WARNING): (suspicious RCU usage)", NULL, WHO_TRACE, INCIDENT_WARNING},
	{"BUG: (Invalid wait context)", "invalid wait context", WHO_TRACE, INCIDENT_WARNING},
	{"(?:WARNING|BUG): (bad unlock balance)", NULL, WHO_LOCK, INCIDENT_WARNING},
	{"(?:WARNING|BUG): Nested lock was not taken", "nested lock was not taken", WHO_TRACE,
	 INCIDENT_WARNING},
	{"(?:WARNING|BUG): (?:.*/[0-9]+ )?(held lock freed|still has locks held|lock held when "
	 "returning to user space)",
	 NULL, WHO_LOCK, INCIDENT_WARNING},
	{"^INFO: (trying to register non-static key)", NULL, WHO_TRACE, INCIDENT_WARNING},
	{"^BUG: ((?:spinlock|rwlock) [a-zA-Z ]+?) on (?:CPU|UP)", NULL, WHO_TRACE,
	 INCIDENT_WARNING},
	{"^BUG: (scheduling while atomic|sleeping function called from invalid context)", NULL,
	 WHO_TRACE, INCIDENT_WARNING},
	{"^BUG: (using [a-z_]+\\(\\) in preemptible)", NULL, WHO_TRACE, INCIDENT_WARNING},
	{"^BUG: (workqueue leaked lock or atomic)", NULL, WHO_WORK, INCIDENT_WARNING},
	/* Memory */
	{"^BUG: (Bad page (?:state|cache|map)|Bad rss-counter state)", NULL, WHO_PAGE,
	 INCIDENT_WARNING},
	{"^BUG: Dentry .* still in use", "dentry still in use", WHO_TRACE, INCIDENT_WARNING},
	/* Stacks: the kernel panics at once */
	{"^Kernel panic - not syncing: (corrupted stack end)", NULL, WHO_STACK, INCIDENT_PANIC},
	{"^Kernel panic - not syncing: stack-protector: Kernel (stack is corrupted) in: " PLACE,
	 NULL, WHO_PLACE, INCIDENT_PANIC},
	/* WARN(): the position of the place depends on the release */
	{"^WARNING: (?:CPU: [0-9]+ PID: [0-9]+ )?at [^ ]+:[0-9]+ " PLACE, "WARNING", WHO_PLACE,
	 INCIDENT_WARNING},
	{"^WARNING: (?:\\[[^\\]]*\\] )?[^ ]+:[0-9]+ at " PLACE, "WARNING", WHO_PLACE,
	 INCIDENT_WARNING},
};

/* Most lines have none of these words. This avoids matching the patterns on every line. */
bool complaint_line_may_begin(const char *line)
{
	return strstr(line, "BUG: ") || strstr(line, "WARNING: ") || strstr(line, "INFO: ") ||
	       strstr(line, "UBSAN: ") || strstr(line, "LOCKUP") || strstr(line, " blocked ") ||
	       g_str_has_prefix(line, "Kernel panic");
}

static const struct form *find_form(const char *line, GMatchInfo **info)
{
	line += strspn(line, " ");
	for (size_t i = 0; i < G_N_ELEMENTS(forms) && complaint_line_may_begin(line); i++) {
		*info = log_match(forms[i].pattern, line);
		if (*info)
			return &forms[i];
	}
	return NULL;
}

bool complaint_line_begins(const char *line)
{
	g_autoptr(GMatchInfo) info = NULL;

	return find_form(line, &info) != NULL;
}

/* The line before which this complaint must end. */
static guint find_end(GPtrArray *lines, guint first)
{
	guint end = MIN(lines->len, first + MAX_LINES);

	for (guint i = first + 1; i < end; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (strstr(line, "---[ end trace") || strstr(line, "---[ end Kernel panic"))
			return i;
	}
	return end;
}

/* "at: [<ffffffff81234567>] FUNCTION": the first one is the lock that the task wants. */
static char *find_lock(GPtrArray *lines, guint first, guint end)
{
	for (guint i = first; i < end; i++) {
		const char *line = g_ptr_array_index(lines, i);
		const char *at = strstr(line, " at:");

		if (at && strstr(at, "+0x"))
			return g_strdup(log_place(at + strlen(" at:")));
		/* Before 4.16 the place is on the next line. */
		if (at && !at[strlen(" at:")] && i + 1 < end)
			return g_strdup(log_place(g_ptr_array_index(lines, i + 1)));
	}
	return NULL;
}

static char *find_rip(GPtrArray *lines, guint first, guint end)
{
	for (guint i = first; i < end; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (log_is_kernel_rip(line))
			return g_strdup(log_place(line));
	}
	return NULL;
}

/*
 * The line after the one that contains @words; without @words, after the head of the first trace.
 */
static guint find_behind(GPtrArray *lines, guint first, guint end, const char *words)
{
	for (guint i = first; i < end; i++) {
		if (strstr(g_ptr_array_index(lines, i), words))
			return i + 1;
	}
	return log_find_trace(lines, first, end);
}

/* "     last function: FUNCTION" */
static char *find_work(GPtrArray *lines, guint first, guint end)
{
	static const char words[] = "last function: ";
	const char *found = first < end ? strstr(g_ptr_array_index(lines, first), words) : NULL;

	return found ? g_strndup(found + strlen(words), strcspn(found + strlen(words), " +"))
		     : NULL;
}

static char *find_place(const struct form *form, GMatchInfo *info, GPtrArray *lines, guint first,
			guint end)
{
	g_autofree char *place = NULL;

	switch (form->who) {
	case WHO_PLACE:
		/* Kernel 6.19 may print "at 0x0": an unknown place. */
		place = g_match_info_fetch_named(info, "place");
		return place && strstr(place, "+0x") ? g_steal_pointer(&place)
						     : find_rip(lines, first, end);
	case WHO_NAME:
		return g_match_info_fetch_named(info, "place");
	case WHO_WORK:
		return find_work(lines, first, end);
	case WHO_LOCK:
		return find_lock(lines, first, end);
	case WHO_LOOP:
		return find_rip(lines, first, end);
	default:
		return NULL;
	}
}

static LogBlame find_rule(enum who who)
{
	switch (who) {
	case WHO_LOOP:
	case WHO_STACK:
		return blame_add_of_loop;
	case WHO_WAIT:
		return blame_add_of_wait;
	case WHO_MEMORY:
		return blame_add_of_memory;
	default:
		return blame_add;
	}
}

bool complaint_find(GPtrArray *lines, guint first, struct complaint *complaint)
{
	const char *line = g_ptr_array_index(lines, first);
	g_autoptr(GMatchInfo) info = NULL;
	const struct form *form = find_form(line, &info);
	g_autofree char *place = NULL;
	guint start = first + 1, end = find_end(lines, first);

	*complaint = (struct complaint){0};
	if (!form)
		return false;
	complaint->kind = form->kind ? g_strdup(form->kind) : log_group(info, 1);
	complaint->incident = form->incident;
	place = find_place(form, info, lines, start, end);
	switch (form->who) {
	case WHO_NOBODY:
		break;
	case WHO_NAME:
	case WHO_WORK:
		if (place)
			blame_add_if_none(&complaint->blame, place, NULL);
		break;
	case WHO_BECAME:
		log_blame_trace(lines, find_behind(lines, start, end, "which became "), end,
				blame_add, &complaint->blame);
		break;
	case WHO_PAGE:
		log_blame_trace(lines, find_behind(lines, start, end, "page last allocated via"),
				end, blame_add_of_memory, &complaint->blame);
		break;
	default:
		log_blame(lines, start, end, place, find_rule(form->who), &complaint->blame);
		break;
	}
	return true;
}

void complaint_clear(struct complaint *complaint)
{
	g_clear_pointer(&complaint->kind, g_free);
	blame_clear(&complaint->blame);
}

char *complaint_title(const struct complaint *complaint)
{
	return blame_title(complaint->kind, &complaint->blame);
}
