/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_graph.h"

#include <string.h>

#include "../members.h"
#include "html_parts.h"

#define MAX_CHAINS 16
#define MAX_IN_CHAIN 6
#define MAX_LOCKS 8
#define MAX_WAITERS 24
#define BOX_WIDTH 180.0
#define BOX_HEIGHT 42.0
#define GAP 170.0 /* between two boxes; the lock's name goes there */
#define TOP 8.0
#define BACK 34.0 /* below the boxes; the arrow back goes there */
#define CPU_WIDTH 64.0
#define CPU_HEIGHT 24.0
#define CPUS_IN_ROW 8

/* --- tasks --- */

static JsonObject *find_task(JsonArray *tasks, gint64 pid)
{
	for (guint i = 0; tasks && i < json_array_get_length(tasks); i++) {
		JsonObject *task = element_object(tasks, i);

		if (member_number(task, "pid", -1) == pid)
			return task;
	}
	return NULL;
}

/* "scenario_mutex_b" of "scenario_mutex_b+0x0/0x20 [oopsbt_scenario]", shortened to @width. */
static char *short_name(const char *symbol, double width)
{
	g_autofree char *name = g_strndup(symbol, strcspn(symbol, "+ "));

	return html_clip(name, width);
}

static void draw_box(struct html *html, JsonObject *task, gint64 pid, double x, double y)
{
	g_autofree char *name =
		g_strdup_printf("%s %" G_GINT64_FORMAT, member_text(task, "comm", "pid"), pid);
	g_autofree char *label = html_clip(name, BOX_WIDTH - 12);
	g_autofree char *place = short_name(member_text(task, "waits_in", ""), BOX_WIDTH - 12);

	html_open(html, "g", "box");
	html_elementf(html, "title", NULL, "%s %s", name, member_text(task, "waits_in", ""));
	html_rectangle(html, NULL, x, y, BOX_WIDTH, BOX_HEIGHT);
	html_label(html, "strong", x + 6, y + 17, label);
	html_label(html, "dim", x + 6, y + 33, place);
	html_close(html);
}

/* Its tip is at (@x, @y). */
static void draw_head(struct html *html, double x, double y, bool upwards)
{
	char points[96];

	if (upwards)
		g_snprintf(points, sizeof(points), "%d,%d %d,%d %d,%d", (int)x, (int)y, (int)x - 4,
			   (int)y + 8, (int)x + 4, (int)y + 8);
	else
		g_snprintf(points, sizeof(points), "%d,%d %d,%d %d,%d", (int)x, (int)y, (int)x - 8,
			   (int)y - 4, (int)x - 8, (int)y + 4);
	html_open(html, "polygon", "head");
	html_attribute(html, "points", points);
	html_close(html);
}

/* "mutex", and below the arrow "scenario_mutex_b". */
static void label_wait(struct html *html, JsonObject *task, double x, double y, double width)
{
	JsonObject *wait = member_object(task, "waits_for");
	g_autofree char *lock = NULL;

	if (!wait)
		return;
	lock = short_name(member_text(wait, "symbol", member_text(wait, "address", "")), width);
	html_label(html, "middle dim", x, y - 6, member_text(wait, "kind", "waits"));
	html_label(html, "middle", x, y + 14, lock);
}

static void draw_arrow(struct html *html, JsonObject *task, double x, double y)
{
	html_line(html, "edge", x, y, x + GAP - 8, y);
	draw_head(html, x + GAP, y, false);
	label_wait(html, task, x + GAP / 2, y, GAP - 24);
}

/* For a deadlock: an arrow below all boxes from the last to the first. */
static void draw_way_back(struct html *html, JsonObject *last, double x, double y)
{
	double bottom = y + BOX_HEIGHT + BACK - 18;
	double first = BOX_WIDTH / 2;

	html_line(html, "edge", x, y + BOX_HEIGHT, x, bottom);
	html_line(html, "edge", x, bottom, first, bottom);
	html_line(html, "edge", first, bottom, first, y + BOX_HEIGHT + 8);
	draw_head(html, first, y + BOX_HEIGHT, true);
	label_wait(html, last, (x + first) / 2, bottom, x - first - 24);
}

static void draw_chain(struct html *html, JsonObject *chain, JsonArray *tasks)
{
	JsonArray *pids = member_array(chain, "pids");
	guint count = pids ? json_array_get_length(pids) : 0;
	guint shown = MIN(count, MAX_IN_CHAIN);
	bool back = member_flag(chain, "deadlock", false) && shown == count;
	double width = shown * BOX_WIDTH + (shown > 0 ? shown - 1 : 0) * GAP + 2;
	double height = TOP + BOX_HEIGHT + (back ? BACK : 0) + 6;
	JsonObject *task = NULL;

	if (shown == 0)
		return;
	html_open(html, "div", "wide");
	html_drawing(html, back ? "graph deadlock" : "graph", width, height,
		     member_text(chain, "text", "a chain of waiting tasks"));
	for (guint i = 0; i < shown; i++) {
		JsonNode *node = json_array_get_element(pids, i);
		gint64 pid = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : -1;
		double x = 1 + i * (BOX_WIDTH + GAP);

		task = find_task(tasks, pid);
		draw_box(html, task, pid, x, TOP);
		if (i + 1 < shown)
			draw_arrow(html, task, x + BOX_WIDTH, TOP + BOX_HEIGHT / 2);
	}
	if (back)
		draw_way_back(html, task, width - BOX_WIDTH / 2, TOP);
	html_close(html);
	html_close(html);
	html_element(html, "p", "legend", member_text(chain, "text", NULL));
	if (shown < count)
		html_note(html, "%u of its %u tasks are drawn.", shown, count);
}

/* --- CPUs at a spinlock --- */

struct lock {
	const char *name;
	GArray *cpus; /* of gint64 */
	unsigned int num;
};

static void lock_free(void *data)
{
	struct lock *lock = data;

	g_array_unref(lock->cpus);
	g_free(lock);
}

static struct lock *find_lock(GPtrArray *locks, const char *name)
{
	struct lock *lock;

	for (guint i = 0; i < locks->len; i++) {
		lock = locks->pdata[i];
		if (strcmp(lock->name, name) == 0)
			return lock;
	}
	lock = g_new0(struct lock, 1);
	lock->name = name;
	lock->cpus = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_ptr_array_add(locks, lock);
	return lock;
}

static GPtrArray *collect_locks(JsonArray *vcpus)
{
	GPtrArray *locks = g_ptr_array_new_with_free_func(lock_free);

	for (guint i = 0; vcpus && i < json_array_get_length(vcpus); i++) {
		JsonObject *vcpu = element_object(vcpus, i);
		JsonObject *wait = member_object(vcpu, "waits_for_lock");
		const char *name = member_text(wait, "symbol", member_text(wait, "address", NULL));
		gint64 cpu = member_number(vcpu, "cpu", i);
		struct lock *lock = name && locks->len < MAX_LOCKS ? find_lock(locks, name) : NULL;

		if (!lock)
			continue;
		lock->num++;
		if (lock->cpus->len < MAX_WAITERS)
			g_array_append_val(lock->cpus, cpu);
	}
	return locks;
}

static void draw_waiters(struct html *html, const struct lock *lock)
{
	for (guint i = 0; i < lock->cpus->len; i++) {
		double x = 1 + (i % CPUS_IN_ROW) * (CPU_WIDTH + 6);
		double y = TOP + i / CPUS_IN_ROW * (CPU_HEIGHT + 6);
		g_autofree char *name = g_strdup_printf("CPU %" G_GINT64_FORMAT,
							g_array_index(lock->cpus, gint64, i));

		html_open(html, "g", "box");
		html_rectangle(html, NULL, x, y, CPU_WIDTH, CPU_HEIGHT);
		html_label(html, "middle", x + CPU_WIDTH / 2, y + 16, name);
		html_close(html);
	}
}

static void draw_lock(struct html *html, const struct lock *lock)
{
	guint rows = (lock->cpus->len + CPUS_IN_ROW - 1) / CPUS_IN_ROW;
	double height = TOP + MAX(rows * (CPU_HEIGHT + 6), BOX_HEIGHT + 6);
	double start = MIN(lock->cpus->len, CPUS_IN_ROW) * (CPU_WIDTH + 6);
	double middle = TOP + (height - TOP - 6) / 2;
	g_autofree char *name = html_clip(lock->name, 300);
	g_autofree char *label = g_strdup_printf("%u CPUs wait for %s", lock->num, lock->name);

	html_open(html, "div", "wide");
	html_drawing(html, "graph", start + 90 + 316, height, label);
	draw_waiters(html, lock);
	html_line(html, "edge", start, middle, start + 82, middle);
	draw_head(html, start + 90, middle, false);
	html_open(html, "g", "box lock");
	html_rectangle(html, NULL, start + 90, middle - 14, html_text_width(name) + 12, 28);
	html_label(html, "strong", start + 96, middle + 5, name);
	html_close(html);
	html_close(html);
	html_close(html);
	html_elementf(html, "p", "legend",
		      "%u CPU%s for this spinlock. A spinlock does not say who has it.", lock->num,
		      lock->num == 1 ? " waits" : "s wait");
}

/* --- */

void html_graph(struct html *html, JsonObject *report)
{
	JsonObject *tasks = member_object(report, "tasks");
	JsonArray *chains = member_array(tasks, "chains");
	guint num_chains = chains ? json_array_get_length(chains) : 0;
	g_autoptr(GPtrArray) locks = collect_locks(member_array(report, "vcpus"));

	if (num_chains == 0 && locks->len == 0)
		return;
	html_section(html, "waits", "Who waits for whom");
	for (guint i = 0; i < MIN(num_chains, MAX_CHAINS); i++)
		draw_chain(html, element_object(chains, i), member_array(tasks, "shown"));
	for (guint i = 0; i < locks->len; i++)
		draw_lock(html, locks->pdata[i]);
	if (num_chains > MAX_CHAINS)
		html_note(html, "%d of %u chains are drawn; 'info --tasks' has all.", MAX_CHAINS,
			  num_chains);
	html_close(html);
}
