/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_left_out.h"

static void write_oops(struct json_writer *w, const struct report_left_out *oops)
{
	json_begin_object(w, NULL, JSON_PACKED);
	json_integer(w, "number", oops->number);
	json_integer(w, "time_ns", (int64_t)oops->time_ns);
	json_maybe_integer(w, "cpu", &oops->cpu);
	json_maybe_integer(w, "pid", &oops->pid);
	json_string(w, "comm", oops->comm);
	json_string(w, "title", oops->title);
	json_end_object(w);
}

static unsigned int total(const struct report *report)
{
	return suppressed_total(&report->collection.suppressed) + report->missed;
}

static unsigned int num_oopses(const struct report *report)
{
	return report->collection.suppressed.oopses + report->missed;
}

static bool is_alike(const struct report *report)
{
	for (guint i = 0; i < report->left_out->len; i++)
		if (g_strcmp0(g_array_index(report->left_out, struct report_left_out, i).title,
			      report->title) != 0)
			return false;
	return report->num_more_left_out == 0 && report->left_out->len >= num_oopses(report);
}

void json_left_out_alike(struct json_writer *w, const struct report *report)
{
	if (num_oopses(report))
		json_boolean(w, "left_out_alike", is_alike(report));
	else
		json_null(w, "left_out_alike");
}

void json_left_out(struct json_writer *w, const struct report *report)
{
	const struct suppressed_signals *suppressed = &report->collection.suppressed;

	if (!total(report)) {
		json_null(w, "suppressed");
		return;
	}
	json_begin_object(w, "suppressed", JSON_SPREAD);
	json_integer(w, "count", total(report));
	json_integer(w, "rate_limit", suppressed->rate_limit);
	json_integer(w, "queue_full", suppressed->queue_full);
	json_integer(w, "failed", suppressed->failed);
	json_integer(w, "not_analysed", suppressed->not_analysed);
	json_integer(w, "missed", report->missed);
	json_string(w, "previous_dump", report->collection.previous);
	json_begin_array(w, "oopses", JSON_SPREAD);
	for (guint i = 0; i < report->left_out->len; i++)
		write_oops(w, &g_array_index(report->left_out, struct report_left_out, i));
	json_end_array(w);
	json_integer(w, "more", report->num_more_left_out);
	json_end_object(w);
}
