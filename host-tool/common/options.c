/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/options.h"

#include <string.h>

G_DEFINE_QUARK(oopsbt_options_error, options_error)

/* How to parse an attribute into a member of struct options. */
enum kind {
	KIND_WORD,   /* one of `words`; the member is an int-sized enum */
	KIND_SWITCH, /* "on" or "off"; the member is a bool */
	KIND_NUMBER, /* minimum to maximum; the member is an unsigned int */
	KIND_KINDS,  /* names of incidents, or "auto"; the member is an unsigned int of bits */
};

static const char *const signal_words[] = {
	[OPTION_SIGNAL_AUTO] = "auto",
	[OPTION_SIGNAL_EVENT] = "event",
	[OPTION_SIGNAL_WATCH] = "watch",
	NULL,
};

static const char *const nmi_words[] = {
	[OPTION_NMI_AUTO] = "auto",
	[OPTION_NMI_ALWAYS] = "always",
	[OPTION_NMI_NEVER] = "never",
	NULL,
};

static const char *const tasks_words[] = {
	[OPTION_TASKS_AUTO] = "auto",
	[OPTION_TASKS_NONE] = "none",
	[OPTION_TASKS_BLOCKED] = "blocked",
	[OPTION_TASKS_ALL] = "all",
	NULL,
};

/* In the order of options_help(), which uses the same index. */
static const struct option_rule {
	enum kind kind;
	size_t offset;
	const char *const *words;
	unsigned int minimum;
	unsigned int maximum;
} rules[] = {
	{KIND_WORD, G_STRUCT_OFFSET(struct options, signal), signal_words, 0, 0},
	{KIND_WORD, G_STRUCT_OFFSET(struct options, nmi), nmi_words, 0, 0},
	{KIND_SWITCH, G_STRUCT_OFFSET(struct options, freeze), NULL, 0, 0},
	{KIND_SWITCH, G_STRUCT_OFFSET(struct options, vmcore), NULL, 0, 0},
	{KIND_NUMBER, G_STRUCT_OFFSET(struct options, keep), NULL, 1, 1000},
	{KIND_NUMBER, G_STRUCT_OFFSET(struct options, full), NULL, 1, 1000},
	{KIND_NUMBER, G_STRUCT_OFFSET(struct options, budget_ms), NULL, 1, 10000},
	{KIND_NUMBER, G_STRUCT_OFFSET(struct options, watch_ms), NULL, 100, 60000},
	{KIND_WORD, G_STRUCT_OFFSET(struct options, tasks), tasks_words, 0, 0},
	{KIND_KINDS, G_STRUCT_OFFSET(struct options, kinds), NULL, 0, 0},
};

static const struct option_help help[] = {
	{"signal", "auto|event|watch",
	 "how an oops is noticed: the guest's pvpanic events, a look at guest memory every "
	 "interval, or both (auto)",
	 false},
	{"nmi", "auto|always|never",
	 "ask the guest kernel for its own backtraces by an NMI; auto does so only when guest "
	 "memory shows that it is safe",
	 true},
	{"freeze", "on|off", "stop the guest's vCPUs while it is read", true},
	{"vmcore", "on|off", "keep a full memory dump too, as large as the guest's memory", true},
	{"keep", "1..1000",
	 "number of dumps kept: the newest; the first of a boot or of a title stays longest",
	 false},
	{"full", "1..1000",
	 "number of dumps of one bug; then each time that it comes again is a light record of the "
	 "first of them, until it did not come for an hour",
	 false},
	{"budget", "1..10000", "longest freeze in milliseconds", true},
	{"watch", "100..60000", "interval of the memory watch in milliseconds", false},
	{"tasks", "auto|none|blocked|all",
	 "tasks that the report shows beside those on CPUs: those that are blocked and who has "
	 "what "
	 "they wait for, or all; auto: none for an oops, a panic or a warning, else blocked",
	 true},
	{"kinds", "auto|all|KIND,KIND...",
	 "what is noticed: oops, panic, soft-lockup, hard-lockup, rcu-stall, hung-task, starved "
	 "(the host keeps vCPUs from running), dead (no vCPU runs, though timers are due), warning "
	 "(the kernel warned), watchdog (the domain's watchdog device), kvm-error (KVM cannot run "
	 "a vCPU); auto: all but warning; all: all of these",
	 false},
	{NULL, NULL, NULL, false},
};

G_STATIC_ASSERT(G_N_ELEMENTS(rules) + 1 == G_N_ELEMENTS(help));
G_STATIC_ASSERT(sizeof(enum option_signal) == sizeof(int));
G_STATIC_ASSERT(sizeof(enum option_nmi) == sizeof(int));
G_STATIC_ASSERT(sizeof(enum option_tasks) == sizeof(int));

const struct option_help *options_help(void)
{
	return help;
}

void options_init(struct options *options)
{
	*options = (struct options){
		.signal = OPTION_SIGNAL_AUTO,
		.nmi = OPTION_NMI_AUTO,
		.freeze = true,
		.vmcore = false,
		.keep = 10,
		.full = 3,
		.budget_ms = 200,
		.watch_ms = 1000,
		.kinds = OPTIONS_KINDS_DEFAULT,
	};
}

static const struct option_rule *find_rule(const char *name)
{
	for (size_t i = 0; help[i].name; i++) {
		if (strcmp(help[i].name, name) == 0)
			return &rules[i];
	}
	return NULL;
}

static bool set_kinds(unsigned int *kinds, const char *value)
{
	if (strcmp(value, "auto") == 0 || strcmp(value, "all") == 0) {
		*kinds = value[1] == 'u' ? OPTIONS_KINDS_DEFAULT : OPTIONS_KINDS;
		return true;
	}
	return incidents_from_words(value, OPTIONS_KINDS, kinds);
}

static char *get_kinds(unsigned int kinds)
{
	if (kinds == OPTIONS_KINDS_DEFAULT || kinds == OPTIONS_KINDS)
		return g_strdup(kinds == OPTIONS_KINDS ? "all" : "auto");
	return incidents_to_words(kinds, ",");
}

static bool set_member(struct options *options, const struct option_rule *rule, const char *value)
{
	void *member = (char *)options + rule->offset;
	guint64 number;

	switch (rule->kind) {
	case KIND_WORD:
		for (int i = 0; rule->words[i]; i++) {
			if (strcmp(rule->words[i], value) == 0) {
				*(int *)member = i;
				return true;
			}
		}
		return false;
	case KIND_SWITCH:
		if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
			return false;
		*(bool *)member = strcmp(value, "on") == 0;
		return true;
	case KIND_NUMBER:
		if (!g_ascii_string_to_unsigned(value, 10, rule->minimum, rule->maximum, &number,
						NULL))
			return false;
		*(unsigned int *)member = number;
		return true;
	case KIND_KINDS:
		return set_kinds(member, value);
	}
	g_assert_not_reached();
}

char *options_get(const struct options *options, const char *name)
{
	const struct option_rule *rule = find_rule(name);
	const void *member = (const char *)options + (rule ? rule->offset : 0);

	if (!rule)
		return NULL;
	switch (rule->kind) {
	case KIND_WORD:
		return g_strdup(rule->words[*(const int *)member]);
	case KIND_SWITCH:
		return g_strdup(*(const bool *)member ? "on" : "off");
	case KIND_NUMBER:
		return g_strdup_printf("%u", *(const unsigned int *)member);
	case KIND_KINDS:
		return get_kinds(*(const unsigned int *)member);
	}
	g_assert_not_reached();
}

char *options_takes(const char *name)
{
	const struct option_rule *rule = find_rule(name);
	g_autofree char *kinds = NULL;

	if (!rule)
		return NULL;
	if (rule->kind != KIND_KINDS)
		return g_strdup(help[rule - rules].values);
	kinds = incidents_to_words(OPTIONS_KINDS, ", ");
	return g_strdup_printf("%s; a KIND is one of %s", help[rule - rules].values, kinds);
}

bool options_set(struct options *options, const char *name, const char *value, GError **error)
{
	const struct option_rule *rule = find_rule(name);

	if (!rule) {
		g_set_error(error, OPTIONS_ERROR, OPTIONS_ERROR_NAME, "there is no option '%s'",
			    name);
		return false;
	}
	if (!set_member(options, rule, value)) {
		g_autofree char *takes = options_takes(name);

		g_set_error(error, OPTIONS_ERROR, OPTIONS_ERROR_VALUE,
			    "option '%s' cannot be '%s': it takes %s", name, value, takes);
		return false;
	}
	return true;
}

static bool set_enabled(struct options *options, const char *value, GError **error)
{
	options->disabled = strcmp(value, "no") == 0;
	if (options->disabled || strcmp(value, "yes") == 0)
		return true;
	g_set_error(error, OPTIONS_ERROR, OPTIONS_ERROR_VALUE,
		    "'enabled' cannot be '%s': it takes yes|no", value);
	return false;
}

struct parse {
	struct options *options;
	GPtrArray *warnings;
	unsigned int depth;
	bool found;
};

static bool is_namespace(const char *name)
{
	return strcmp(name, "xmlns") == 0 || g_str_has_prefix(name, "xmlns:");
}

static void start_element(GMarkupParseContext *context G_GNUC_UNUSED, const char *element,
			  const char **names, const char **values, void *user_data, GError **error)
{
	struct parse *parse = user_data;
	const char *colon = strchr(element, ':');

	if (parse->depth++ > 0) {
		if (parse->warnings)
			g_ptr_array_add(
				parse->warnings,
				g_strdup_printf("unknown element '%s' is ignored", element));
		return;
	}
	if (strcmp(colon ? colon + 1 : element, OPTIONS_XML_KEY) != 0) {
		g_set_error(error, OPTIONS_ERROR, OPTIONS_ERROR_XML,
			    "the metadata element is '%s', not '" OPTIONS_XML_KEY "'", element);
		return;
	}
	parse->found = true;
	for (size_t i = 0; names[i]; i++) {
		if (is_namespace(names[i]))
			continue;
		if (strcmp(names[i], "enabled") == 0) {
			if (!set_enabled(parse->options, values[i], error))
				return;
		} else if (find_rule(names[i])) {
			if (!options_set(parse->options, names[i], values[i], error))
				return;
		} else if (parse->warnings) {
			g_ptr_array_add(
				parse->warnings,
				g_strdup_printf("unknown option '%s' is ignored", names[i]));
		}
	}
}

static void end_element(GMarkupParseContext *context G_GNUC_UNUSED,
			const char *element G_GNUC_UNUSED, void *user_data,
			GError **error G_GNUC_UNUSED)
{
	struct parse *parse = user_data;

	parse->depth--;
}

bool options_from_xml(const char *xml, struct options *options, GPtrArray *warnings, GError **error)
{
	static const GMarkupParser parser = {
		.start_element = start_element,
		.end_element = end_element,
	};
	struct parse parse = {.options = options, .warnings = warnings};
	g_autoptr(GMarkupParseContext) context = NULL;
	g_autoptr(GError) local = NULL;

	options_init(options);
	context = g_markup_parse_context_new(&parser, 0, &parse, NULL);
	if (!g_markup_parse_context_parse(context, xml, -1, &local) ||
	    !g_markup_parse_context_end_parse(context, &local)) {
		if (local->domain == OPTIONS_ERROR)
			g_propagate_error(error, g_steal_pointer(&local));
		else
			g_set_error(error, OPTIONS_ERROR, OPTIONS_ERROR_XML,
				    "the metadata element is not well-formed: %s", local->message);
		return false;
	}
	if (!parse.found) {
		g_set_error(error, OPTIONS_ERROR, OPTIONS_ERROR_XML,
			    "there is no metadata element '" OPTIONS_XML_KEY "'");
		return false;
	}
	return true;
}

char *options_to_xml(const struct options *options)
{
	GString *xml = g_string_new("<" OPTIONS_XML_KEY);
	struct options defaults;

	options_init(&defaults);
	if (options->disabled)
		g_string_append(xml, " enabled=\"no\"");
	for (size_t i = 0; help[i].name; i++) {
		g_autofree char *value = options_get(options, help[i].name);
		g_autofree char *usual = options_get(&defaults, help[i].name);

		if (strcmp(value, usual) != 0)
			g_string_append_printf(xml, " %s=\"%s\"", help[i].name, value);
	}
	g_string_append(xml, "/>");
	return g_string_free(xml, FALSE);
}
