/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "common/sanitize.h"
#include "daemon_status.h"
#include "domains.h"
#include "dumps.h"
#include "health.h"
#include "members.h"
#include "outlook.h"
#include "output.h"
#include "survey.h"
#include "verbs.h"

/* The data for a line of the table. */
struct line {
	const struct survey_row *row;
	JsonObject *daemon;		/* the daemon's entry of it, or NULL */
	const struct store_entry *last; /* its newest dump, or NULL */
};

struct status {
	GPtrArray *rows;
	GPtrArray *dumps;   /* NULL: unreadable from here */
	GHashTable *newest; /* domain UUID to struct store_entry * */
	JsonObject *daemon; /* NULL unless it runs on this host */
	enum daemon_state daemon_state;
};

static const char *enabled_text(const struct survey_row *row)
{
	if (row->problem)
		return "bad";
	if (row->automatic)
		return "auto";
	if (row->enabled)
		return row->active && !row->next ? "until stop" : "yes";
	return row->next ? "next start" : "no";
}

static const char *known(JsonObject *daemon, const char *member)
{
	JsonNode *node = daemon ? json_object_get_member(daemon, member) : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) &&
			       json_node_get_value_type(node) == G_TYPE_STRING
		       ? json_node_get_string(node)
		       : NULL;
}

/* How an oops is noticed: "pvpanic (isa), watch" */
static char *signal_text(const struct survey_row *row, JsonObject *daemon)
{
	bool events =
		row->options.signal != OPTION_SIGNAL_WATCH && row->shape.panic != PANIC_DEVICE_NONE;
	bool watch = row->options.signal != OPTION_SIGNAL_EVENT && !row->shape.security &&
		     !known(daemon, "watch_reason");

	if (row->problem || (!row->enabled && !row->next))
		return NULL;
	if (!events)
		return g_strdup(watch ? "watch" : "none");
	return g_strconcat(panic_device_name(row->shape.panic), watch ? ", watch" : "", NULL);
}

/* The enabled ones in "a=0 b=1 c=-". NULL: unknown. */
static char *sysctls_on(const char *sysctls)
{
	g_auto(GStrv) words = sysctls ? g_strsplit(sysctls, " ", -1) : NULL;
	GString *on;

	if (!words)
		return NULL;
	on = g_string_new(NULL);
	for (char **word = words; *word; word++) {
		const char *value = strchr(*word, '=');

		if (value && strcmp(value, "=0") && strcmp(value, "=-"))
			g_string_append_printf(on, "%s%.*s", on->len ? " " : "",
					       (int)(value - *word), *word);
	}
	if (!on->len)
		g_string_append(on, "none on");
	return g_string_free(on, FALSE);
}

static struct line line_of(const struct status *status, const struct survey_row *row)
{
	return (struct line){
		.row = row,
		.daemon = daemon_status_domain(status->daemon, row->uuid),
		.last = status->newest ? g_hash_table_lookup(status->newest, row->uuid) : NULL,
	};
}

static void print_daemon(const struct status *status, bool remote)
{
	if (remote) {
		print_clean("oopsbtd: state unknown (it runs on the domains' host)\n\n");
		return;
	}
	switch (status->daemon_state) {
	case DAEMON_RUNNING:
		print_clean("oopsbtd: running (process %" G_GINT64_FORMAT ")%s\n\n",
			    json_object_get_int_member_with_default(status->daemon, "pid", 0),
			    member_flag(status->daemon, "connected", true)
				    ? ""
				    : ", no connection to libvirt");
		break;
	case DAEMON_HIDDEN:
		print_clean("oopsbtd: state unknown (needs root)\n\n");
		break;
	case DAEMON_STOPPED:
		print_clean("oopsbtd: not running; start it with 'systemctl enable --now oopsbtd', "
			    "or 'oopsbtd --foreground'\n\n");
		break;
	}
}

static void print_table(const struct session *session, const struct status *status)
{
	static const char *const titles[] = {"Domain", "State",	       "Enabled",
					     "Signal", "Guest kernel", "Sysctls",
					     "NMI",    "Last dump",    NULL};
	g_autoptr(Table) table = table_new(titles);

	for (guint i = 0; i < status->rows->len; i++) {
		struct line line = line_of(status, status->rows->pdata[i]);
		g_autofree char *signal = signal_text(line.row, line.daemon);
		g_autofree char *sysctls = sysctls_on(known(line.daemon, "sysctls"));

		table_add(table, line.row->name, survey_state(line.row), enabled_text(line.row),
			  signal, known(line.daemon, "kernel"), sysctls, known(line.daemon, "nmi"),
			  line.last ? line.last->id : NULL);
	}
	table_print(table, session->quiet);
}

/*
 * The problem of one guest; NULL: none. A missing oopsbtd is reported once, not for each guest.
 * g_free()
 */
static char *problem_of(const struct status *status, const struct survey_row *row)
{
	if (status->daemon_state != DAEMON_RUNNING)
		return g_strdup(row->problem);
	return health_of_domain(row, daemon_status_domain(status->daemon, row->uuid));
}

/* Why a row says "bad", or lacks "watch"; print_verbose() says more. */
static void print_problems(const struct status *status)
{
	for (guint i = 0; i < status->rows->len; i++) {
		const struct survey_row *row = status->rows->pdata[i];
		g_autofree char *problem = problem_of(status, row);

		if (row->problem)
			print_warning("%s", problem);
		else if (problem)
			print_warning("domain '%s': %s", row->name, problem);
	}
}

/* Prints the number of signals without a dump, if there are any. */
static void print_missed(JsonObject *daemon)
{
	gint64 suppressed =
		daemon ? json_object_get_int_member_with_default(daemon, "suppressed", 0) : 0;
	gint64 failed = daemon ? json_object_get_int_member_with_default(daemon, "failed", 0) : 0;

	if (suppressed || failed)
		print_clean("  signals without a dump since oopsbtd follows it: %" G_GINT64_FORMAT
			    " left out by the rate limit, %" G_GINT64_FORMAT
			    " failed (its log says why)\n",
			    suppressed, failed);
}

static bool print_reasons(struct session *session, const struct status *status, virDomainPtr domain,
			  const struct line *line, GError **error)
{
	struct outlook outlook = {.daemon_state = status->daemon_state, .daemon = status->daemon};
	const char *reason = known(line->daemon, "nmi_reason");

	print_clean("%s:\n", line->row->name);
	if (line->row->problem) {
		print_clean("  %s\n", line->row->problem);
		return true;
	}
	if (line->row->automatic)
		print_clean("  enabled by auto_enable in oopsbtd.conf, with the default options\n");
	if (line->last)
		print_clean("  last dump: %s: %s\n",
			    line->last->incident ? line->last->incident : "-",
			    dumps_title(line->last));
	print_missed(line->daemon);
	if (known(line->daemon, "oops_signal"))
		print_clean("  oops signal in the guest: %s\n", known(line->daemon, "oops_signal"));
	if (known(line->daemon, "sysctls"))
		print_clean("  sysctls: %s\n", known(line->daemon, "sysctls"));
	if (reason)
		print_clean("  NMI: %s\n", reason);
	if (!line->row->enabled && !line->row->next) {
		g_autofree char *hint =
			g_strdup_printf("not enabled: 'virsh oopsbt enable %s'", line->row->name);

		print_point(hint);
		return true;
	}
	if (!outlook_find(session, domain, line->row->enabled, &line->row->options, &outlook,
			  error))
		return false;
	outlook_print(&outlook);
	outlook_clear(&outlook);
	return true;
}

static bool print_verbose(struct session *session, const struct status *status, GError **error)
{
	for (guint i = 0; i < status->rows->len; i++) {
		struct line line = line_of(status, status->rows->pdata[i]);
		g_autoptr(virDomain) domain = session_find_domain(session, line.row->uuid, error);

		if (!domain || !print_reasons(session, status, domain, &line, error))
			return false;
	}
	return true;
}

/* --- JSON --- */

static void set_string(JsonObject *object, const char *name, const char *value)
{
	if (value)
		json_object_set_string_member(object, name, value);
	else
		json_object_set_null_member(object, name);
}

static JsonObject *options_to_json(const struct options *options)
{
	JsonObject *object = json_object_new();

	for (const struct option_help *help = options_help(); help->name; help++) {
		g_autofree char *value = options_get(options, help->name);

		if (g_ascii_isdigit(value[0]))
			json_object_set_int_member(object, help->name, atoi(value));
		else
			json_object_set_string_member(object, help->name, value);
	}
	return object;
}

static JsonObject *line_to_json(const struct status *status, const struct line *line)
{
	JsonObject *object = json_object_new();
	g_autofree char *problem = problem_of(status, line->row);
	const struct survey_row *row = line->row;

	set_string(object, "name", row->name);
	set_string(object, "uuid", row->uuid);
	set_string(object, "state", survey_state(row));
	json_object_set_boolean_member(object, "enabled", row->enabled);
	json_object_set_boolean_member(object, "enabled_at_next_start", row->next);
	json_object_set_boolean_member(object, "enabled_by_auto_enable", row->automatic);
	set_string(object, "problem", problem);
	set_string(object, "panic_device", panic_device_name(row->shape.panic));
	if (row->enabled || row->next)
		json_object_set_object_member(object, "options", options_to_json(&row->options));
	else
		json_object_set_null_member(object, "options");
	if (line->daemon)
		json_object_set_object_member(object, "guest", json_object_ref(line->daemon));
	else
		json_object_set_null_member(object, "guest");
	if (line->last)
		json_object_set_member(object, "last", dumps_to_json(line->last));
	else
		json_object_set_null_member(object, "last");
	return object;
}

static void print_as_json(const struct status *status, bool remote)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();
	JsonArray *domains = json_array_new();

	if (!remote && status->daemon_state != DAEMON_HIDDEN)
		json_object_set_boolean_member(object, "daemon_running", status->daemon != NULL);
	else
		json_object_set_null_member(object, "daemon_running");
	for (guint i = 0; i < status->rows->len; i++) {
		struct line line = line_of(status, status->rows->pdata[i]);

		json_array_add_object_element(domains, line_to_json(status, &line));
	}
	json_object_set_array_member(object, "domains", domains);
	json_node_take_object(node, object);
	print_json(node);
}

/* --- */

/* If the dump directory cannot be read, only the column of the last dump is missing. */
static void find_newest(struct session *session, struct status *status)
{
	g_autoptr(GError) error = NULL;

	status->dumps = dumps_list(session, NULL, &error);
	if (!status->dumps && session->directory)
		print_warning("%s", error->message);
	status->newest = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; status->dumps && i < status->dumps->len; i++) {
		struct store_entry *entry = status->dumps->pdata[i];

		if (entry->uuid)
			g_hash_table_insert(status->newest, entry->uuid, entry);
	}
}

static void keep_rows(struct status *status, const struct cli_args *args)
{
	for (guint i = status->rows->len; i-- > 0;) {
		const struct survey_row *row = status->rows->pdata[i];
		g_autofree char *problem = problem_of(status, row);

		if ((cli_has(args, "enabled") && !row->enabled && !row->next && !row->problem) ||
		    (cli_has(args, "problems") && !problem))
			g_ptr_array_remove_index(status->rows, i);
	}
}

static bool print_for_people(struct session *session, const struct cli_args *args,
			     const struct status *status, bool remote, GError **error)
{
	pager_open(!cli_has(args, "no-pager"));
	if (!session->quiet)
		print_daemon(status, remote);
	print_table(session, status);
	if (cli_has(args, "verbose"))
		return print_verbose(session, status, error);
	print_problems(status);
	return true;
}

static bool check_options(const struct cli_args *args, GError **error)
{
	if (cli_has(args, "health") && (cli_has(args, "json") || cli_has(args, "verbose") ||
					cli_has(args, "enabled") || cli_has(args, "problems"))) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "--health goes with no other option of 'status'");
		return false;
	}
	return true;
}

static void status_clear(struct status *status)
{
	g_clear_pointer(&status->daemon, json_object_unref);
	g_clear_pointer(&status->newest, g_hash_table_unref);
	g_clear_pointer(&status->dumps, g_ptr_array_unref);
	g_clear_pointer(&status->rows, g_ptr_array_unref);
}

/* Marks domains that only oopsbtd knows to be enabled. */
static void mark_automatic(struct status *status)
{
	for (guint i = 0; i < status->rows->len; i++) {
		struct survey_row *row = status->rows->pdata[i];
		JsonObject *daemon = daemon_status_domain(status->daemon, row->uuid);

		row->automatic =
			!row->enabled && !row->next && member_flag(daemon, "automatic", false);
		row->enabled |= row->automatic;
	}
}

static bool find_rows(struct session *session, const struct cli_args *args, struct status *status,
		      GError **error)
{
	g_autoptr(GPtrArray) domains = NULL;

	if (cli_num_operands(args) > 0) {
		domains = domains_of_operands(session, args, error);
		if (!domains)
			return false;
	}
	status->rows = survey(session, domains, error);
	if (status->rows)
		mark_automatic(status);
	return status->rows != NULL;
}

/* Reports any failure in the one line and in the exit status. */
static void print_health(struct session *session, const struct cli_args *args)
{
	struct status status = {.daemon_state = DAEMON_HIDDEN};
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	g_autofree char *line = NULL;

	if (!session_is_remote(session))
		status.daemon_state = daemon_status(&status.daemon);
	if (find_rows(session, args, &status, &error))
		session->exit_status =
			health_of_all(status.rows, status.daemon_state, status.daemon, &text);
	else
		session->exit_status =
			health_without_domains(session->connection != NULL, error, &text);
	line = sanitize_line(text, -1);
	print_clean("%s\n", line);
	status_clear(&status);
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	struct status status = {0};
	bool remote;
	bool good = true;

	if (!check_options(args, error))
		return false;
	if (cli_has(args, "health")) {
		print_health(session, args);
		return true;
	}
	if (!session_connect(session, error))
		return false;
	remote = session_is_remote(session);
	if (!remote)
		status.daemon_state = daemon_status(&status.daemon);
	if (!find_rows(session, args, &status, error)) {
		status_clear(&status);
		return false;
	}
	if (!remote || !session->readonly)
		find_newest(session, &status);
	keep_rows(&status, args);
	if (cli_has(args, "json"))
		print_as_json(&status, remote);
	else
		good = print_for_people(session, args, &status, remote, error);
	status_clear(&status);
	return good;
}

static const struct cli_option options[] = {
	{"verbose", 0, NULL, CLI_NONE, "say for each domain what works, what is missing, and why"},
	{"enabled", 0, NULL, CLI_NONE, "only domains that are enabled"},
	{"problems", 0, NULL, CLI_NONE, "only domains with a problem"},
	{"health", 0, NULL, CLI_NONE,
	 "one line for monitoring, and an exit status: 0 oopsbtd watches all enabled guests; 1 "
	 "there is a problem with one; 2 oopsbtd does not run or has no connection to libvirt; 3 "
	 "the state cannot be read here"},
	{"json", 0, NULL, CLI_NONE, "as JSON"},
	{"no-pager", 0, NULL, CLI_NONE, "print without a pager"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_status = {
	.name = "status",
	.operands = "[DOMAIN...]",
	.operand_kind = CLI_DOMAIN,
	.max_operands = G_MAXUINT,
	.summary = "show which domains are enabled and what works for them",
	.description =
		"A table of the domains: whether they are enabled, how an oops would be noticed, "
		"the "
		"guest's kernel and the sysctls that matter, whether an NMI can be used, and the "
		"newest dump. Kernel details need a running oopsbtd.",
	.options = options,
	.run = run,
};
