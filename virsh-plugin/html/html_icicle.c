/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_icicle.h"

#include <string.h>

#include "../members.h"
#include "html_parts.h"

#define WIDTH 1000.0
#define ROW 18.0
#define MIN_WIDTH 1.0 /* narrower boxes are not drawn */
#define MAX_DEPTH 48
#define MAX_NODES 1500
#define MAX_OWNERS 6 /* in a box's label */
#define MAX_NAME 200
#define NUM_SHADES 4

struct node {
	char *name; /* of the function */
	bool in_module;
	unsigned int num;	/* number of stacks through it */
	unsigned int num_again; /* maximum number of direct recursions */
	GPtrArray *owners;	/* names of the stacks' owners, at most MAX_OWNERS */
	GPtrArray *callees;
};

struct icicle {
	struct node *root;
	unsigned int num_nodes, depth;
	unsigned int num_cut; /* number of incomplete stacks */
	JsonArray *culprit;
};

/* --- folding --- */

static void node_free(void *data)
{
	struct node *node = data;

	g_free(node->name);
	g_ptr_array_unref(node->owners);
	g_ptr_array_unref(node->callees);
	g_free(node);
}

static struct node *node_new(const char *name, bool in_module)
{
	struct node *node = g_new0(struct node, 1);

	node->name = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), MAX_NAME));
	node->in_module = in_module;
	node->owners = g_ptr_array_new_with_free_func(g_free);
	node->callees = g_ptr_array_new_with_free_func(node_free);
	return node;
}

static void go_through(struct node *node, const char *owner)
{
	node->num++;
	if (node->owners->len < MAX_OWNERS)
		g_ptr_array_add(node->owners, g_strdup(owner));
}

/* NULL: the picture is full. */
static struct node *callee_of(struct icicle *icicle, struct node *caller, const char *name,
			      bool in_module)
{
	struct node *callee;

	for (guint i = 0; i < caller->callees->len; i++) {
		callee = caller->callees->pdata[i];
		if (strcmp(callee->name, name) == 0)
			return callee;
	}
	if (icicle->num_nodes == MAX_NODES)
		return NULL;
	icicle->num_nodes++;
	callee = node_new(name, in_module);
	g_ptr_array_add(caller->callees, callee);
	return callee;
}

static const char *name_of(JsonObject *frame)
{
	return member_text(frame, "symbol", member_text(frame, "pc", "unknown"));
}

/* How many times the function at @i calls itself directly. */
static guint count_again(JsonArray *frames, guint i)
{
	guint num = 0;

	while (num < i && strcmp(name_of(element_object(frames, i)),
				 name_of(element_object(frames, i - num - 1))) == 0)
		num++;
	return num;
}

/* The outermost function is the last frame. Skips guesses. */
static void add_stack(struct icicle *icicle, JsonArray *frames, const char *owner)
{
	guint i = frames ? json_array_get_length(frames) : 0;
	struct node *node = icicle->root;
	unsigned int depth = 1;

	if (i == 0)
		return;
	go_through(node, owner);
	while (i > 0) {
		JsonObject *frame = element_object(frames, --i);
		guint again = count_again(frames, i);

		i -= again;
		if (!member_flag(frame, "reliable", true) ||
		    strcmp(member_text(frame, "stack", ""), "user") == 0)
			continue;
		node = depth < MAX_DEPTH ? callee_of(icicle, node, name_of(frame),
						     member_text(frame, "module", NULL))
					 : NULL;
		if (!node) {
			icicle->num_cut++;
			return;
		}
		go_through(node, owner);
		node->num_again = MAX(node->num_again, again);
		depth++;
		icicle->depth = MAX(icicle->depth, depth);
	}
}

static void add_cpus(struct icicle *icicle, JsonArray *vcpus)
{
	for (guint i = 0; vcpus && i < json_array_get_length(vcpus); i++) {
		JsonObject *vcpu = element_object(vcpus, i);
		g_autofree char *owner =
			g_strdup_printf("CPU %" G_GINT64_FORMAT, member_number(vcpu, "cpu", i));

		add_stack(icicle, member_array(vcpu, "frames"), owner);
	}
}

/* Skips running tasks: their stacks are those of the CPUs. */
static void add_tasks(struct icicle *icicle, JsonArray *tasks)
{
	for (guint i = 0; tasks && i < json_array_get_length(tasks); i++) {
		JsonObject *task = element_object(tasks, i);
		g_autofree char *owner = g_strdup_printf("%s (pid %" G_GINT64_FORMAT ")",
							 member_text(task, "comm", "unknown"),
							 member_number(task, "pid", -1));

		if (!member_flag(task, "running", false))
			add_stack(icicle, member_array(task, "frames"), owner);
	}
}

/* --- drawing --- */

static bool is_culprit(const struct icicle *icicle, const struct node *node)
{
	for (guint i = 0; icicle->culprit && i < MIN(json_array_get_length(icicle->culprit), 3);
	     i++) {
		JsonNode *name = json_array_get_element(icicle->culprit, i);

		if (JSON_NODE_HOLDS_VALUE(name) &&
		    g_strcmp0(json_node_get_string(name), node->name) == 0)
			return true;
	}
	return false;
}

static void choose_class(const struct icicle *icicle, const struct node *node, char *class,
			 size_t size)
{
	if (is_culprit(icicle, node))
		g_strlcpy(class, "bad", size);
	else if (node->in_module)
		g_strlcpy(class, "module", size);
	else
		g_snprintf(class, size, "s%u", g_str_hash(node->name) % NUM_SHADES);
}

static void add_tooltip(struct html *html, const struct node *node)
{
	GString *text = g_string_new(node->name);

	if (node->num_again > 0)
		g_string_append_printf(text, " (calls itself %u times)", node->num_again);
	g_string_append(text, ": ");
	for (guint i = 0; i < node->owners->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
				       (char *)node->owners->pdata[i]);
	if (node->num > node->owners->len)
		g_string_append_printf(text, " and %u more", node->num - node->owners->len);
	html_element(html, "title", NULL, text->str);
	g_string_free(text, TRUE);
}

static void add_label(struct html *html, const struct node *node, double x, double y, double width)
{
	g_autofree char *again =
		node->num_again > 0 ? g_strdup_printf(" ×%u", node->num_again + 1) : NULL;
	g_autofree char *num = node->num > 1 ? g_strdup_printf(" (%u)", node->num) : NULL;
	g_autofree char *whole = g_strconcat(node->name, again ? again : "", num ? num : "", NULL);
	g_autofree char *label = html_clip(whole, width - 8);

	if (*label)
		html_label(html, NULL, x + 4, y + ROW - 6, label);
}

static int compare_callees(const void *a, const void *b)
{
	const struct node *left = *(const struct node *const *)a;
	const struct node *right = *(const struct node *const *)b;

	return left->num != right->num ? (left->num < right->num) - (left->num > right->num)
				       : strcmp(left->name, right->name);
}

static void draw_node(struct html *html, const struct icicle *icicle, const struct node *node,
		      double x, double y)
{
	double unit = WIDTH / icicle->root->num;
	double width = unit * node->num;
	char class[16];

	if (width < MIN_WIDTH)
		return;
	choose_class(icicle, node, class, sizeof(class));
	html_open(html, "g", class);
	add_tooltip(html, node);
	html_rectangle(html, NULL, x, y, MAX(width - 1, 0.5), ROW - 1);
	add_label(html, node, x, y, width);
	html_close(html);
	g_ptr_array_sort(node->callees, compare_callees);
	for (guint i = 0; i < node->callees->len; i++) {
		const struct node *callee = node->callees->pdata[i];

		draw_node(html, icicle, callee, x, y + ROW);
		x += unit * callee->num;
	}
}

static void draw(struct html *html, const struct icicle *icicle)
{
	html_open(html, "div", "wide");
	html_drawing(html, "icicle", WIDTH, ROW * icicle->depth, "All stacks, folded");
	draw_node(html, icicle, icicle->root, 0, 0);
	html_close(html);
	html_close(html);
}

void html_icicle(struct html *html, JsonObject *report)
{
	struct icicle icicle = {
		.root = node_new("all stacks", false),
		.depth = 1,
		.culprit = member_array(report, "culprit"),
	};

	add_cpus(&icicle, member_array(report, "vcpus"));
	add_tasks(&icicle, member_array(member_object(report, "tasks"), "shown"));
	html_section(html, "stacks", "All stacks");
	html_element(html, "p", "legend",
		     "Outermost function on top. As wide as the number of CPUs and tasks in it. "
		     "Red: to blame. Orange: of a module.");
	if (icicle.root->num > 0)
		draw(html, &icicle);
	else
		html_note(html, "The report has no stacks.");
	if (icicle.num_cut > 0)
		html_note(html, "%u stacks are cut off: the picture shows %d levels, %d functions.",
			  icicle.num_cut, MAX_DEPTH, MAX_NODES);
	html_close(html);
	node_free(icicle.root);
}
