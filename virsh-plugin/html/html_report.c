/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_report.h"

#include "../members.h"
#include "html_fault.h"
#include "html_graph.h"
#include "html_head.h"
#include "html_icicle.h"
#include "html_lanes.h"
#include "html_log.h"
#include "html_page.h"
#include "html_rest.h"
#include "html_tasks.h"
#include "html_timeline.h"

GString *html_report(JsonObject *report)
{
	static void (*const parts[])(struct html * html, JsonObject * report) = {
		html_head,   html_timeline, html_fault, html_graph, html_lanes,
		html_icicle, html_tasks,    html_log,	html_rest,
	};
	g_autoptr(Html) html = html_new();

	html_open(html, "main", NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		parts[i](html, report);
	html_close(html);
	return html_page(member_text(report, "title", "(no title)"), html);
}
