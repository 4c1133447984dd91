/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/complaints.h"

#include <string.h>

#include "analyze/log_lines.h"
#include "kernel/complaint.h"

const struct printk_record *complaints_find_panic(const GArray *records)
{
	for (guint i = records->len; i > 0; i--) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i - 1);

		if (g_str_has_prefix(record->text, COMPLAINTS_PANIC))
			return record;
	}
	return NULL;
}

/* With these words the kernel panics because of an earlier complaint. */
static bool is_panic_of_complaint(const char *text)
{
	static const char *const words[] = {"panic_on_warn", "panic_on_k", "softlockup",
					    "hung_task",     "RCU Stall",  "ard LOCKUP",
					    "kasan.fault"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strstr(text, words[i]))
			return true;
	}
	return false;
}

/* The maximum number of candidates to check: a hostile guest may fill its log with them. */
#define MAX_CANDIDATES 10000

/* The last record up to @end that begins a complaint; NULL: none. */
static const struct printk_record *find_complaint(const GArray *records,
						  const struct printk_record *end)
{
	guint candidates = 0;

	for (guint i = records->len; i > 0 && candidates < MAX_CANDIDATES; i--) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i - 1);

		candidates += complaint_line_may_begin(record->text);
		if ((!end || record->sequence <= end->sequence) &&
		    complaint_line_begins(record->text))
			return record;
	}
	return NULL;
}

static bool read_complaint(const GArray *records, const struct printk_record *record,
			   struct complaint *complaint)
{
	g_autoptr(GArray) sequences = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GPtrArray) lines =
		log_lines_of_caller(records, log_whole(records), record, sequences);

	for (guint i = 0; i < lines->len; i++) {
		if (g_array_index(sequences, uint64_t, i) == record->sequence)
			return complaint_find(lines, i, complaint);
	}
	return false;
}

/* Makes the complaint that begins with @record the subject of the report. */
static void take_complaint(struct report *report, const GArray *records,
			   const struct printk_record *record, bool panicked)
{
	g_autofree char *title = NULL;
	struct complaint complaint;

	if (!read_complaint(records, record, &complaint))
		return;
	title = complaint_title(&complaint);
	g_free(report->title);
	report->title =
		panicked ? g_strdup_printf("%s, then panic", title) : g_steal_pointer(&title);
	report->complaint = (struct report_complaint){
		.known = true,
		.kind = g_steal_pointer(&complaint.kind),
		.incident = complaint.incident,
		.panicked = panicked,
		.log_start = {true, (int64_t)record->sequence},
	};
	blame_clear(&report->culprit);
	report->culprit = complaint.blame;
}

static bool is_hang(enum incident incident)
{
	return incident == INCIDENT_SOFT_LOCKUP || incident == INCIDENT_HARD_LOCKUP ||
	       incident == INCIDENT_RCU_STALL || incident == INCIDENT_HUNG_TASK;
}

/* The guest signals a hang before it prints which kind of hang it is. */
static void tell_hang(struct report *report, const GArray *records)
{
	const struct printk_record *found = find_complaint(records, NULL);
	struct complaint complaint;
	bool hang;

	if (!found || !read_complaint(records, found, &complaint))
		return;
	hang = is_hang(complaint.incident);
	complaint_clear(&complaint);
	if (hang)
		take_complaint(report, records, found, false);
}

void complaints_name_hang(struct report *report)
{
	if (g_strcmp0(report->collection.signal, "lockup") || !report->complaint.known)
		return;
	g_free(report->collection.incident);
	report->collection.incident = g_strdup(incident_name(report->complaint.incident));
}

void complaints_tell(struct report *report, const GArray *records, bool panicked)
{
	const struct printk_record *panic = panicked ? complaints_find_panic(records) : NULL;
	const struct printk_record *found = NULL;

	if (panic && (complaint_line_begins(panic->text) || is_panic_of_complaint(panic->text)))
		found = find_complaint(records, panic);
	else if (!panic && (!g_strcmp0(report->collection.signal, "file") ||
			    !g_strcmp0(report->collection.incident, "warning")))
		found = find_complaint(records, NULL);
	if (found)
		take_complaint(report, records, found, panic != NULL);
	else if (!panic && !g_strcmp0(report->collection.signal, "lockup"))
		tell_hang(report, records);
}
