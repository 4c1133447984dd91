/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/text_left_out.h"

#include <inttypes.h>

#include "report/text_writer.h"

static void write_reason(GString *text, unsigned int num, const char *reason)
{
	if (num)
		text_append(text, "  %u signal%s: %s\n", num, num == 1 ? "" : "s", reason);
}

static void write_reasons(GString *text, const struct suppressed_signals *suppressed)
{
	write_reason(text, suppressed->rate_limit, "the rate limit was reached");
	write_reason(text, suppressed->queue_full, "too many other signals were waiting");
	write_reason(text, suppressed->failed, "the collection failed");
	write_reason(text, suppressed->not_analysed, "the dump was not analysed");
}

static void write_oops(GString *text, const struct report_left_out *oops)
{
	text_append(text, "  [%5" PRIu64 ".%06" PRIu64 "] #%u", oops->time_ns / 1000000000,
		    oops->time_ns / 1000 % 1000000, oops->number);
	if (oops->cpu.known)
		text_append(text, ", CPU %" PRId64, oops->cpu.value);
	if (oops->comm) {
		g_string_append(text, ", task ");
		text_append_clean(text, oops->comm);
	}
	if (oops->pid.known)
		text_append(text, " (pid %" PRId64 ")", oops->pid.value);
	g_string_append(text, ": ");
	text_append_clean(text, oops->title);
	g_string_append_c(text, '\n');
}

void text_left_out(GString *text, const struct report *report)
{
	const struct report_collection *collection = &report->collection;

	if (!suppressed_total(&collection->suppressed) && !report->missed)
		return;
	g_string_append(text, "\nNot collected");
	if (collection->previous) {
		g_string_append(text, " since dump ");
		text_append_clean(text, collection->previous);
	}
	g_string_append_c(text, '\n');
	write_reasons(text, &collection->suppressed);
	if (report->missed)
		text_append(text, "  %u oops%s: oopsbtd did not watch the guest then\n",
			    report->missed, report->missed == 1 ? "" : "es");
	for (guint i = 0; i < report->left_out->len; i++)
		write_oops(text, &g_array_index(report->left_out, struct report_left_out, i));
	if (report->num_more_left_out)
		text_append(text, "  ... and %u more in the guest's log\n",
			    report->num_more_left_out);
}
