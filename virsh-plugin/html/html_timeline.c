/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_timeline.h"

#include <string.h>

#include "../members.h"
#include "html_parts.h"

#define WIDTH 1000.0
#define MARGIN 12.0
#define ROW_HEIGHT 20.0
#define AXIS 24.0 /* below the top; the bar of the frozen time has a height of twice BAR */
#define BAR 9.0
#define MAX_EVENTS 6

struct event {
	const char *name;
	gint64 us; /* since 1970, by the host's clock */
	bool is_guest;
	char *label;
	double x;
	bool at_left; /* the label is left of the mark */
	size_t row;
};

struct timeline {
	struct event events[MAX_EVENTS];
	size_t num;
	gint64 first, last;
};

static bool parse_time(const char *text, gint64 *us)
{
	g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

	if (!time)
		return false;
	*us = g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
	return true;
}

static struct event *add(struct timeline *timeline, const char *name, gint64 us)
{
	struct event *event = &timeline->events[timeline->num++];

	*event = (struct event){.name = name, .us = us};
	return event;
}

static void add_member(struct timeline *timeline, JsonObject *times, const char *member)
{
	gint64 us;

	if (parse_time(member_text(times, member, NULL), &us))
		add(timeline, member, us);
}

/* The NMI has no time of its own: it is sent after the thaw. */
static void add_nmi(struct timeline *timeline, JsonObject *report, JsonObject *times)
{
	const char *result = member_text(member_object(report, "nmi"), "result", NULL);
	gint64 us;

	if (g_strcmp0(result, "sent") == 0 && parse_time(member_text(times, "thawed", NULL), &us))
		add(timeline, "NMI sent, after the thaw", us);
}

/* Adds the guest's clock at the freeze, on the scale of the host's clock. */
static void add_guest_clock(struct timeline *timeline, JsonObject *report)
{
	gint64 us;

	if (parse_time(member_text(member_object(report, "guest"), "wall_clock", NULL), &us))
		add(timeline, "guest's clock, when frozen", us)->is_guest = true;
}

static int compare(const void *a, const void *b)
{
	const struct event *left = a;
	const struct event *right = b;

	return (left->us > right->us) - (left->us < right->us);
}

/* Excludes a guest's clock that is hours off, which would hide all other marks. */
static void find_span(struct timeline *timeline)
{
	timeline->first = G_MAXINT64;
	timeline->last = G_MININT64;
	for (size_t i = 0; i < timeline->num; i++) {
		timeline->first = MIN(timeline->first, timeline->events[i].us);
		timeline->last = MAX(timeline->last, timeline->events[i].us);
	}
}

static void collect(struct timeline *timeline, JsonObject *report)
{
	static const char *const members[] = {"signalled", "frozen", "thawed", "stored"};
	JsonObject *times = member_object(report, "timeline");

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
		add_member(timeline, times, members[i]);
	add_nmi(timeline, report, times);
	find_span(timeline);
}

static bool clock_fits(const struct timeline *timeline, JsonObject *report)
{
	gint64 span = timeline->last - timeline->first;
	gint64 us;

	return parse_time(member_text(member_object(report, "guest"), "wall_clock", NULL), &us) &&
	       us > timeline->first - span && us < timeline->last + span;
}

static double position(const struct timeline *timeline, gint64 us)
{
	gint64 span = timeline->last - timeline->first;

	return MARGIN + (WIDTH - 2 * MARGIN) * (double)(us - timeline->first) / (double)span;
}

/* "frozen +5.988 ms" */
static void place(struct timeline *timeline, gint64 signalled)
{
	for (size_t i = 0; i < timeline->num; i++) {
		struct event *event = &timeline->events[i];
		gint64 us = event->us - signalled;
		g_autofree char *duration = html_duration_us(us);

		event->x = position(timeline, event->us);
		event->label = us == 0 ? g_strdup(event->name)
				       : g_strdup_printf("%s %s%s", event->name, us < 0 ? "−" : "+",
							 duration);
	}
}

/* The lowest row with enough space. */
static size_t find_row(double *ends, double start)
{
	size_t row = 0;

	while (row < MAX_EVENTS - 1 && ends[row] > start)
		row++;
	return row;
}

/* Puts labels that would overlap into separate rows. Returns the number of rows. */
static size_t lay_out(struct timeline *timeline)
{
	double ends[MAX_EVENTS] = {0};
	size_t rows = 0;

	for (size_t i = 0; i < timeline->num; i++) {
		struct event *event = &timeline->events[i];
		double width = html_text_width(event->label);
		double start;

		event->at_left = event->x + 6 + width > WIDTH;
		start = event->at_left ? event->x - width - 6 : event->x;
		event->row = find_row(ends, start);
		ends[event->row] = MAX(event->x, start + width) + 12;
		rows = MAX(rows, event->row + 1);
	}
	return rows;
}

static double label_y(const struct event *event)
{
	return AXIS + BAR + 8 + ROW_HEIGHT * (double)(event->row + 1);
}

static void draw_mark(struct html *html, const struct event *event)
{
	html_line(html, event->is_guest ? "guest" : "event", event->x, AXIS - BAR - 4, event->x,
		  label_y(event));
}

static void draw_label(struct html *html, const struct event *event)
{
	html_label(html, event->at_left ? "end" : NULL, event->x + (event->at_left ? -5 : 5),
		   label_y(event), event->label);
}

static const struct event *find(const struct timeline *timeline, const char *name)
{
	for (size_t i = 0; i < timeline->num; i++) {
		if (strcmp(timeline->events[i].name, name) == 0)
			return &timeline->events[i];
	}
	return NULL;
}

static void draw_frozen(struct html *html, const struct timeline *timeline)
{
	const struct event *frozen = find(timeline, "frozen");
	const struct event *thawed = find(timeline, "thawed");
	double end = thawed ? thawed->x : WIDTH - MARGIN;

	html_line(html, "axis", MARGIN, AXIS, WIDTH - MARGIN, AXIS);
	if (frozen && end >= frozen->x)
		html_rectangle(html, "frozen", frozen->x, AXIS - BAR, MAX(end - frozen->x, 1),
			       2 * BAR);
}

static void draw(struct html *html, struct timeline *timeline)
{
	g_autofree char *span = html_duration_us(timeline->last - timeline->first);
	g_autofree char *label = g_strdup_printf("Timeline of %s", span);
	double height = AXIS + BAR + 16 + ROW_HEIGHT * (double)lay_out(timeline);

	html_open(html, "div", "wide");
	html_drawing(html, "timeline", WIDTH, height, label);
	draw_frozen(html, timeline);
	for (size_t i = 0; i < timeline->num; i++)
		draw_mark(html, &timeline->events[i]);
	/* A label hides the marks behind it. */
	for (size_t i = 0; i < timeline->num; i++)
		draw_label(html, &timeline->events[i]);
	html_close(html);
	html_close(html);
}

static char *describe_nmi(JsonObject *nmi)
{
	const char *result = member_text(nmi, "result", NULL);
	bool sent = g_strcmp0(result, "sent") == 0;

	return result ? g_strdup_printf("%s: %s", sent ? "sent" : "not sent",
					member_text(nmi, "reason", "unknown"))
		      : NULL;
}

static void add_sentences(struct html *html, JsonObject *report)
{
	JsonObject *times = member_object(report, "timeline");
	g_autofree char *nmi = describe_nmi(member_object(report, "nmi"));
	JsonObject *guest = member_object(report, "guest");
	gint64 freeze_us = member_number(times, "freeze_us", -1);
	gint64 offset_us = member_number(guest, "clock_offset_us", G_MININT64);
	g_autofree char *freeze = html_duration_us(freeze_us);
	g_autofree char *offset = offset_us == G_MININT64 ? NULL : html_duration_us(offset_us);

	html_open(html, "table", "facts");
	html_fact(html, "Signalled", member_text(times, "signalled", NULL));
	html_fact(html, "Stood still for", freeze_us >= 0 ? freeze : NULL);
	html_fact(html, "NMI", nmi);
	html_fact(html, "Guest's clock", member_text(guest, "wall_clock", NULL));
	html_fact(html, offset_us < 0 ? "behind the host's by" : "ahead of the host's by", offset);
	html_close(html);
}

void html_timeline(struct html *html, JsonObject *report)
{
	struct timeline timeline = {0};
	gint64 signalled = 0;

	collect(&timeline, report);
	html_section(html, "timeline", "Timeline");
	if (timeline.num >= 2 && timeline.last > timeline.first) {
		signalled = timeline.events[0].us;
		if (clock_fits(&timeline, report))
			add_guest_clock(&timeline, report);
		find_span(&timeline);
		qsort(timeline.events, timeline.num, sizeof(timeline.events[0]), compare);
		place(&timeline, signalled);
		draw(html, &timeline);
	}
	add_sentences(html, report);
	html_close(html);
	for (size_t i = 0; i < timeline.num; i++)
		g_free(timeline.events[i].label);
}
