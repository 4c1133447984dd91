/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_store.h"

#include "../dumps.h"
#include "../groups.h"
#include "../repeats_view.h"
#include "html_page.h"
#include "html_parts.h"

#define MAX_DOMAINS 60
#define MAX_BUGS 200
#define MAX_DUMPS 500
#define MAX_MARKS 4000
#define MAX_NAMES 2   /* in one cell */
#define NUM_COLOURS 8 /* for the most frequent bugs; all others share one colour */

#define WIDTH 1000.0
#define NAMES 170.0 /* width of the domains' names at the left */
#define ROW 20.0
#define NUM_TICKS 5
#define MARK 5.0

struct store_page {
	const GPtrArray *entries;
	GPtrArray *bugs, *domains; /* groups, most frequent first */
	gint64 first, last;	   /* microseconds since 1970 */
};

static gint64 time_us(const struct store_entry *entry)
{
	g_autoptr(GDateTime) time = dumps_time(entry);

	return g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
}

static char *format_time(GDateTime *time)
{
	g_autoptr(GDateTime) utc = g_date_time_to_utc(time);

	return g_date_time_format(utc, "%Y-%m-%d %H:%M");
}

static char *format_us(gint64 us)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC);

	return g_date_time_format(time, "%Y-%m-%d %H:%M");
}

/* --- bugs --- */

/* As in groups.h: by fingerprint, without one by title. */
static bool is_same_bug(const struct store_entry *a, const struct store_entry *b)
{
	if (a->fingerprint || b->fingerprint)
		return g_strcmp0(a->fingerprint, b->fingerprint) == 0;
	return g_strcmp0(dumps_title(a), dumps_title(b)) == 0;
}

static void colour_class(guint bug, char *class, size_t size)
{
	if (bug < NUM_COLOURS)
		g_snprintf(class, size, "bug b%u", bug);
	else
		g_strlcpy(class, "bug", size);
}

static guint find_bug(const struct store_page *page, const struct store_entry *entry)
{
	guint bug = 0;

	while (bug < MIN(page->bugs->len, NUM_COLOURS)) {
		const struct group *group = page->bugs->pdata[bug];

		if (is_same_bug(group->newest, entry))
			return bug;
		bug++;
	}
	return NUM_COLOURS;
}

/* --- the picture --- */

static double position(const struct store_page *page, gint64 us)
{
	double span = (double)(page->last - page->first);

	return NAMES + MARK +
	       (WIDTH - NAMES - 2 * MARK) * (span > 0 ? (double)(us - page->first) / span : 0.5);
}

static void draw_axis(struct html *html, const struct store_page *page, double height)
{
	for (int i = 0; i < NUM_TICKS; i++) {
		gint64 us = page->first + (page->last - page->first) * i / (NUM_TICKS - 1);
		g_autofree char *label = format_us(us);
		double x = position(page, us);

		if (i > 0 && page->last == page->first)
			return;
		html_line(html, "tick", x, ROW, x, height);
		html_label(html,
			   i == 0		? "dim"
			   : i == NUM_TICKS - 1 ? "dim end"
						: "dim middle",
			   x, 12, label);
	}
}

static void draw_mark(struct html *html, const struct store_page *page,
		      const struct store_entry *entry, double y)
{
	gint64 us = time_us(entry);
	g_autofree char *when = format_us(us);
	char class[16];

	colour_class(find_bug(page, entry), class, sizeof(class));
	html_open(html, "circle", class);
	html_attribute_number(html, "cx", position(page, us));
	html_attribute_number(html, "cy", y);
	html_attribute_number(html, "r", MARK);
	html_elementf(html, "title", NULL, "%s %s %s: %s", when, entry->domain, entry->id,
		      dumps_title(entry));
	html_close(html);
}

static bool is_of(const struct store_entry *entry, const struct group *domain)
{
	if (entry->uuid && domain->newest->uuid)
		return g_strcmp0(entry->uuid, domain->newest->uuid) == 0;
	return g_strcmp0(entry->domain, domain->newest->domain) == 0;
}

static guint draw_domain(struct html *html, const struct store_page *page,
			 const struct group *domain, double y, guint room)
{
	g_autofree char *name = html_clip(domain->newest->domain, NAMES - 12);
	guint marks = 0;

	html_label(html, NULL, 0, y + 4, name);
	html_line(html, "axis", NAMES, y, WIDTH, y);
	for (guint i = page->entries->len; i > 0 && marks < room; i--) {
		const struct store_entry *entry = page->entries->pdata[i - 1];

		if (!is_of(entry, domain))
			continue;
		draw_mark(html, page, entry, y);
		marks++;
	}
	return marks;
}

static void draw(struct html *html, const struct store_page *page)
{
	guint rows = MIN(page->domains->len, MAX_DOMAINS);
	double height = ROW * (rows + 1) + 4;
	guint room = MAX_MARKS;

	html_section(html, "when", "When");
	html_open(html, "div", "wide");
	html_drawing(html, "store", WIDTH, height, "Dumps by domain and time, coloured by bug");
	draw_axis(html, page, height);
	for (guint i = 0; i < rows; i++)
		room -= draw_domain(html, page, page->domains->pdata[i], ROW * (i + 1.5), room);
	html_close(html);
	html_close(html);
	html_element(
		html, "p", "legend",
		"Times in UTC. One mark a dump, in the colour of its bug; a tooltip names it.");
	if (rows < page->domains->len)
		html_note(html, "%u of %u domains are drawn, those with most dumps.", rows,
			  page->domains->len);
	if (room == 0)
		html_note(html, "At most %d dumps are drawn.", MAX_MARKS);
	html_close(html);
}

/* --- tables --- */

static void add_head(struct html *html, const char *const *columns)
{
	html_open(html, "tr", NULL);
	for (; *columns; columns++)
		html_element(html, "th", NULL, *columns);
	html_close(html);
}

/* @name: on a narrow screen a row is a card, in which a cell has its column's name. */
static void add_cell(struct html *html, const char *class, const char *name, const char *text)
{
	html_open(html, "td", class);
	html_attribute(html, "data-name", name);
	html_text(html, text);
	html_close(html);
}

static void add_number(struct html *html, const char *name, guint number)
{
	g_autofree char *text = g_strdup_printf("%u", number);

	add_cell(html, NULL, name, text);
}

/* The first names, and the number of the others. */
static char *join(const GPtrArray *names)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < MIN(names->len, MAX_NAMES); i++)
		g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (char *)names->pdata[i]);
	if (names->len > MAX_NAMES)
		g_string_append_printf(text, " and %u more", names->len - MAX_NAMES);
	return g_string_free(text, FALSE);
}

static void add_colour(struct html *html, guint bug)
{
	char class[16];

	colour_class(bug, class, sizeof(class));
	html_open(html, "td", NULL);
	html_drawing(html, "key", 2 * MARK, 2 * MARK, bug < NUM_COLOURS ? "its colour" : "others");
	html_open(html, "circle", class);
	html_attribute_number(html, "cx", MARK);
	html_attribute_number(html, "cy", MARK);
	html_attribute_number(html, "r", MARK);
	html_close(html);
	html_close(html);
	html_close(html);
}

static void add_bug(struct html *html, const struct group *bug, guint number)
{
	g_autofree char *first = format_time(bug->first);
	g_autofree char *last = format_time(bug->last);
	g_autofree char *domains = join(bug->domains);
	g_autofree char *kernels = join(bug->kernels);

	html_open(html, "tr", NULL);
	add_colour(html, number);
	add_number(html, "Dumps", bug->count);
	html_element(html, "td", "title", dumps_title(bug->newest));
	add_cell(html, NULL, "Domains", domains);
	add_cell(html, NULL, "Kernels", kernels);
	add_cell(html, "exact", "First", first);
	add_cell(html, "exact", "Last", last);
	add_cell(html, "exact", "Fingerprint", bug->newest->fingerprint);
	html_close(html);
}

static void add_bugs(struct html *html, const struct store_page *page)
{
	static const char *const columns[] = {"",	 "Dumps",	"Newest title",
					      "Domains", "Kernels",	"First",
					      "Last",	 "Fingerprint", NULL};

	html_section(html, "bugs", "By bug");
	html_open(html, "div", "wide");
	html_open(html, "table", "rows cards");
	add_head(html, columns);
	for (guint i = 0; i < MIN(page->bugs->len, MAX_BUGS); i++)
		add_bug(html, page->bugs->pdata[i], i);
	html_close(html);
	html_close(html);
	if (page->bugs->len > MAX_BUGS)
		html_note(html, "%d of %u bugs are shown; 'stats' has all.", MAX_BUGS,
			  page->bugs->len);
	html_close(html);
}

static void add_domain(struct html *html, const struct group *domain)
{
	g_autofree char *last = format_time(domain->last);
	g_autofree char *kernels = join(domain->kernels);

	html_open(html, "tr", NULL);
	html_element(html, "td", NULL, domain->newest->domain);
	add_number(html, "Dumps", domain->count);
	add_number(html, "Bugs", domain->bugs->len);
	add_cell(html, NULL, "Kernels", kernels);
	add_cell(html, "exact", "Last", last);
	html_element(html, "td", "title", dumps_title(domain->newest));
	html_close(html);
}

static void add_domains(struct html *html, const struct store_page *page)
{
	static const char *const columns[] = {"Domain", "Dumps",	"Bugs", "Kernels",
					      "Last",	"Newest title", NULL};

	html_section(html, "domains", "By domain");
	html_open(html, "div", "wide");
	html_open(html, "table", "rows cards");
	add_head(html, columns);
	for (guint i = 0; i < MIN(page->domains->len, MAX_BUGS); i++)
		add_domain(html, page->domains->pdata[i]);
	html_close(html);
	html_close(html);
	if (page->domains->len > MAX_BUGS)
		html_note(html, "%d of %u domains are shown; 'stats --by domain' has all.",
			  MAX_BUGS, page->domains->len);
	html_close(html);
}

static void add_dump(struct html *html, const struct store_entry *entry)
{
	g_autofree char *note = repeats_note(entry);
	g_autofree char *title = g_strconcat(dumps_title(entry), note, NULL);

	html_open(html, "tr", "dump");
	html_element(html, "td", "exact", entry->id);
	html_element(html, "td", NULL, entry->domain);
	html_element(html, "td", NULL, entry->incident);
	html_element(html, "td", NULL, entry->release);
	html_element(html, "td", "title", title);
	html_close(html);
}

static void add_dumps(struct html *html, const GPtrArray *entries)
{
	static const char *const columns[] = {"Id", "Domain", "Kind", "Kernel", "Title", NULL};
	guint shown = MIN(entries->len, MAX_DUMPS);

	html_section(html, "dumps", "Dumps, the newest first");
	html_open(html, "div", "wide");
	html_open(html, "table", "rows cards");
	add_head(html, columns);
	for (guint i = 0; i < shown; i++)
		add_dump(html, entries->pdata[entries->len - 1 - i]);
	html_close(html);
	html_close(html);
	if (shown < entries->len)
		html_note(html, "%u of %u dumps are shown, the newest; 'list' has all.", shown,
			  entries->len);
	html_close(html);
}

/* --- */

static void find_span(struct store_page *page)
{
	page->first = G_MAXINT64;
	page->last = G_MININT64;
	for (guint i = 0; i < page->entries->len; i++) {
		gint64 us = time_us(page->entries->pdata[i]);

		page->first = MIN(page->first, us);
		page->last = MAX(page->last, us);
	}
}

static void add_header(struct html *html, const struct store_page *page, const char *title)
{
	html_open(html, "header", NULL);
	html_element(html, "h1", NULL, title);
	if (page->entries->len > 0) {
		g_autofree char *first = format_us(page->first);
		g_autofree char *last = format_us(page->last);

		html_elementf(html, "p", NULL, "%u bug%s, from %s to %s UTC", page->bugs->len,
			      page->bugs->len == 1 ? "" : "s", first, last);
	}
	html_close(html);
}

GString *html_store(const GPtrArray *entries)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autoptr(GPtrArray) bugs = groups_make(entries, GROUP_BY_BUG, now);
	g_autoptr(GPtrArray) domains = groups_make(entries, GROUP_BY_DOMAIN, now);
	struct store_page page = {.entries = entries, .bugs = bugs, .domains = domains};
	g_autofree char *title = g_strdup_printf("%u dump%s of %u domain%s", entries->len,
						 entries->len == 1 ? "" : "s", domains->len,
						 domains->len == 1 ? "" : "s");
	g_autoptr(Html) html = html_new();

	groups_reverse(bugs);
	groups_reverse(domains);
	find_span(&page);
	html_open(html, "main", NULL);
	add_header(html, &page, title);
	if (entries->len > 0) {
		draw(html, &page);
		add_bugs(html, &page);
		add_domains(html, &page);
		add_dumps(html, entries);
	}
	html_close(html);
	return html_page(title, html);
}
