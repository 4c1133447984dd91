/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_head.h"

#include "../members.h"
#include "html_parts.h"

static void add_chip(struct html *html, const char *class, const char *text)
{
	if (text && *text)
		html_element(html, "span", class, text);
}

static void add_chips(struct html *html, JsonObject *report)
{
	JsonObject *domain = member_object(report, "domain");
	JsonObject *guest = member_object(report, "guest");
	const char *taint = member_text(guest, "taint_letters", "");
	g_autofree char *tainted = *taint ? g_strconcat("tainted ", taint, NULL) : NULL;

	html_open(html, "p", "chips");
	add_chip(html, "chip bad", member_text(report, "incident", NULL));
	add_chip(html, "chip", member_text(domain, "name", NULL));
	add_chip(html, "chip", member_text(guest, "release", NULL));
	add_chip(html, "chip", tainted);
	add_chip(html, "chip", member_text(member_object(report, "timeline"), "signalled", NULL));
	html_close(html);
}

/* "CPU 2, task sh (pid 143), in scenario_null_deref [oopsbt_scenario], at address 0x0" */
static void add_place(struct html *html, JsonObject *oops)
{
	gint64 cpu = member_number(oops, "cpu", -1);
	const char *comm = member_text(oops, "comm", NULL);
	const char *function = member_text(oops, "function", NULL);
	const char *module = member_text(oops, "module", NULL);
	const char *where = member_text(oops, "where", NULL);

	if (!oops || (cpu < 0 && !comm && !function))
		return;
	html_open(html, "p", NULL);
	if (cpu >= 0)
		html_textf(html, "CPU %" G_GINT64_FORMAT "%s", cpu, comm || function ? ", " : "");
	if (comm)
		html_textf(html, "task %s (pid %" G_GINT64_FORMAT ")%s", comm,
			   member_number(oops, "pid", -1), function ? ", in " : "");
	if (function)
		html_element(html, "code", NULL, function);
	if (function && module)
		html_textf(html, " of module %s", module);
	if (where)
		html_textf(html, " at %s", where);
	html_close(html);
}

static void add_sentence(struct html *html, const char *class, const char *beginning,
			 const char *text)
{
	if (text)
		html_elementf(html, "p", class, "%s%s", beginning, text);
}

/* For a hang: the verdict, which contains the evidence; without a verdict the evidence. */
static void add_verdict(struct html *html, JsonObject *report)
{
	const char *verdict = member_text(member_object(report, "verdict"), "text", NULL);

	if (verdict)
		add_sentence(html, "verdict", "", verdict);
	else
		add_sentence(html, "verdict", "Seen from the host: ",
			     member_text(member_object(report, "stall"), "evidence", NULL));
}

/* Deadlocks come first among the chains. */
static void add_deadlocks(struct html *html, JsonObject *report)
{
	JsonArray *chains = member_array(member_object(report, "tasks"), "chains");

	for (guint i = 0; chains && i < MIN(json_array_get_length(chains), 3); i++) {
		JsonObject *chain = element_object(chains, i);

		if (member_flag(chain, "deadlock", false))
			add_sentence(html, "verdict", "", member_text(chain, "text", NULL));
	}
}

static char *culprits(JsonObject *report)
{
	JsonArray *culprit = member_array(report, "culprit");
	GString *text = g_string_new(NULL);

	for (guint i = 0; culprit && i < MIN(json_array_get_length(culprit), 3); i++) {
		JsonNode *node = json_array_get_element(culprit, i);

		if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_string(node))
			g_string_append_printf(text, "%s%s", i > 0 ? " ← " : "",
					       json_node_get_string(node));
	}
	return g_string_free(text, FALSE);
}

static void add_facts(struct html *html, JsonObject *report)
{
	JsonObject *guest = member_object(report, "guest");
	JsonObject *collector = member_object(report, "collector");
	g_autofree char *blame = culprits(report);
	gint64 uptime = member_number(guest, "uptime_s", -1);
	g_autofree char *up =
		uptime >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT " s", uptime) : NULL;

	html_open(html, "table", "facts");
	html_fact(html, "To blame", blame);
	html_fact(html, "Fingerprint", member_text(report, "fingerprint", NULL));
	html_fact(html, "Kernel", member_text(guest, "version", NULL));
	html_fact(html, "Up for", up);
	html_fact(html, "Host", member_text(collector, "host", NULL));
	html_fact(html, "Hypervisor", member_text(collector, "hypervisor", NULL));
	html_fact(html, "Dump", member_text(report, "id", NULL));
	html_close(html);
}

void html_head(struct html *html, JsonObject *report)
{
	html_open(html, "header", NULL);
	html_element(html, "h1", NULL, member_text(report, "title", "(no title)"));
	add_chips(html, report);
	add_verdict(html, report);
	add_deadlocks(html, report);
	add_place(html, member_object(report, "oops"));
	add_sentence(html, NULL,
		     "Cause: ", member_text(member_object(report, "fault"), "explanation", NULL));
	add_facts(html, report);
	html_close(html);
}
