// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/map.h"

#include <string.h>

#define MAP_HEADER "oopsbt kernel map 1"
#define BANNER_MAX 512

static const char *const symbol_names[NUM_KERNEL_SYMBOLS] = {
#define KERNEL_SYMBOL_NAME(name) #name,
	KERNEL_SYMBOLS(KERNEL_SYMBOL_NAME)
#undef KERNEL_SYMBOL_NAME
};

static const struct kernel_field_name field_names[NUM_KERNEL_FIELDS] = {
#define KERNEL_FIELD_NAME(name, structure, member) {structure, member},
	KERNEL_FIELDS(KERNEL_FIELD_NAME)
#undef KERNEL_FIELD_NAME
#define KERNEL_SIZE_NAME(name, structure) {structure, NULL},
		KERNEL_SIZES(KERNEL_SIZE_NAME)
#undef KERNEL_SIZE_NAME
};

const char *const *kernel_symbol_names(void)
{
	return symbol_names;
}

const struct kernel_field_name *kernel_field_names(void)
{
	return field_names;
}

struct kernel_map *kernel_map_new(void)
{
	struct kernel_map *map = g_new0(struct kernel_map, 1);

	map->stack_size = DEFAULT_STACK_SIZE;
	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i++)
		map->fields[i] = FIELD_UNKNOWN;
	return map;
}

void kernel_map_free(struct kernel_map *map)
{
	if (!map)
		return;
	g_free(map->banner);
	g_free(map->no_btf);
	g_free(map->no_orc);
	g_free(map);
}

struct number_item {
	const char *name;
	uint64_t *value;
};

#define NUM_NUMBERS 24

/* The map's plain numbers by name: one table for writing and reading. */
static void number_items(struct kernel_map *map, struct number_item items[NUM_NUMBERS],
			 uint64_t small[NUM_NUMBERS])
{
	struct kallsyms *kallsyms = &map->kallsyms;
	const struct number_item all[NUM_NUMBERS] = {
		{"root", &map->root.value},
		{"levels", &small[1]},
		{"image-start", &map->image_start.value},
		{"image-length", &map->image_length},
		{"kallsyms-names", &kallsyms->names.value},
		{"kallsyms-markers", &kallsyms->markers.value},
		{"kallsyms-token-table", &kallsyms->token_table.value},
		{"kallsyms-token-index", &kallsyms->token_index.value},
		{"kallsyms-offsets", &kallsyms->offsets.value},
		{"kallsyms-relative-base", &kallsyms->relative_base},
		{"kallsyms-symbols", &small[10]},
		{"kallsyms-encoding", &small[11]},
		{"orc-layout", &small[12]},
		{"orc-entries", &map->num_orcs},
		{"page-size", &small[14]},
		{"modules-first", &map->modules_first.value},
		{"guest-module", &map->guest_module.value},
		{"oopses-seen", &map->oopses_seen},
		{"oopses-told", &map->oopses_told},
		{"log-seen", &map->log_seen},
		{"stack-size", &map->stack_size},
		{"fault-pc", &map->fault_pc.value},
		{"revision", &map->revision},
		{"functions-only", &map->functions_only},
	};

	small[1] = map->levels;
	small[10] = kallsyms->num_symbols;
	small[11] = kallsyms->encoding;
	small[12] = map->orc_layout;
	small[14] = GUEST_PAGE_SIZE;
	memcpy(items, all, sizeof(all));
}

GBytes *kernel_map_to_bytes(const struct kernel_map *map)
{
	GString *text = g_string_new(MAP_HEADER "\n");
	struct kernel_map copy = *map;
	struct number_item items[NUM_NUMBERS];
	uint64_t small[NUM_NUMBERS];
	g_autofree char *banner = g_strescape(map->banner, NULL);

	number_items(&copy, items, small);
	g_string_append_printf(text, "banner %s\n", banner);
	if (map->no_btf)
		g_string_append_printf(text, "no-btf %s\n", map->no_btf);
	if (map->no_orc)
		g_string_append_printf(text, "no-orc %s\n", map->no_orc);
	for (size_t i = 0; i < NUM_NUMBERS; i++)
		g_string_append_printf(text, "number %s %" G_GINT64_MODIFIER "x\n", items[i].name,
				       *items[i].value);
	for (size_t i = 0; i < NUM_KERNEL_SYMBOLS; i++) {
		if (map->symbols[i])
			g_string_append_printf(text, "symbol %s %" G_GINT64_MODIFIER "x\n",
					       symbol_names[i], map->symbols[i]);
	}
	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i++) {
		if (map->fields[i] != FIELD_UNKNOWN)
			g_string_append_printf(text, "field %s.%s %x\n", field_names[i].structure,
					       field_names[i].member ? field_names[i].member : "",
					       (unsigned int)map->fields[i]);
	}
	return g_string_free_to_bytes(text);
}

/*
 * The parser of a map. A map of this version has its items in table order, so the parser tries the
 * next table item first. It searches the whole table only for maps of other versions.
 */
struct map_parser {
	struct kernel_map *map;
	struct number_item numbers[NUM_NUMBERS];
	uint64_t small[NUM_NUMBERS];
	size_t next_number, next_symbol, next_field;
};

typedef bool (*is_item_fn)(const struct map_parser *parser, size_t i, const char *name);

static bool is_number(const struct map_parser *parser, size_t i, const char *name)
{
	return g_str_equal(name, parser->numbers[i].name);
}

static bool is_symbol(const struct map_parser *parser G_GNUC_UNUSED, size_t i, const char *name)
{
	return g_str_equal(name, symbol_names[i]);
}

static bool is_field(const struct map_parser *parser G_GNUC_UNUSED, size_t i, const char *name)
{
	const struct kernel_field_name *field = &field_names[i];
	size_t length = strlen(field->structure);

	return !strncmp(name, field->structure, length) && name[length] == '.' &&
	       g_str_equal(name + length + 1, field->member ? field->member : "");
}

/* The index in the table; @num: unknown, from another version. *@next: the index after it. */
static size_t find_item(const struct map_parser *parser, is_item_fn is_item, size_t num,
			size_t *next, const char *name)
{
	for (size_t i = 0; i < num; i++) {
		size_t at = (*next + i) % num;

		if (!is_item(parser, at, name))
			continue;
		*next = at + 1;
		return at;
	}
	return num;
}

static void set_number(struct map_parser *parser, const char *name, uint64_t value)
{
	size_t i = find_item(parser, is_number, NUM_NUMBERS, &parser->next_number, name);

	if (i < NUM_NUMBERS)
		*parser->numbers[i].value = value;
}

static void set_symbol(struct map_parser *parser, const char *name, uint64_t value)
{
	size_t i = find_item(parser, is_symbol, NUM_KERNEL_SYMBOLS, &parser->next_symbol, name);

	if (i < NUM_KERNEL_SYMBOLS)
		parser->map->symbols[i] = value;
}

static bool set_field(struct map_parser *parser, const char *name, uint64_t value)
{
	size_t i;

	/* No kernel structure is this large; a small offset also cannot overflow an address. */
	if (value > 1 << 20)
		return false;
	i = find_item(parser, is_field, NUM_KERNEL_FIELDS, &parser->next_field, name);
	if (i < NUM_KERNEL_FIELDS)
		parser->map->fields[i] = (int32_t)value;
	return true;
}

/* g_strcompress() needs a character after each backslash. */
static bool set_banner(struct kernel_map *map, const char *escaped)
{
	size_t length = strlen(escaped), backslashes = 0;

	while (backslashes < length && escaped[length - 1 - backslashes] == '\\')
		backslashes++;
	if (backslashes % 2)
		return false;
	g_free(map->banner);
	map->banner = g_strcompress(escaped);
	return strlen(map->banner) < BANNER_MAX;
}

/* Splits @line: KIND NAME VALUE. */
static bool parse_item(struct map_parser *parser, char *line)
{
	char *name = strchr(line, ' '), *number = name ? strchr(name + 1, ' ') : NULL;
	uint64_t value;

	if (!number || !g_ascii_string_to_unsigned(number + 1, 16, 0, G_MAXUINT64, &value, NULL))
		return false;
	*name++ = '\0';
	*number = '\0';
	if (g_str_equal(line, "number"))
		set_number(parser, name, value);
	if (g_str_equal(line, "field"))
		return set_field(parser, name, value);
	if (g_str_equal(line, "symbol"))
		set_symbol(parser, name, value);
	return true;
}

static bool parse_line(struct map_parser *parser, char *line)
{
	struct kernel_map *map = parser->map;

	if (g_str_has_prefix(line, "banner "))
		return set_banner(map, line + strlen("banner "));
	if (g_str_has_prefix(line, "no-btf ")) {
		g_free(map->no_btf);
		map->no_btf = g_strdup(line + strlen("no-btf "));
		return true;
	}
	if (g_str_has_prefix(line, "no-orc ")) {
		g_free(map->no_orc);
		map->no_orc = g_strdup(line + strlen("no-orc "));
		return true;
	}
	return parse_item(parser, line);
}

bool kernel_stack_size_valid(uint64_t size)
{
	return size >= DEFAULT_STACK_SIZE && size <= MAX_STACK_SIZE && !(size & (size - 1));
}

static bool numbers_valid(const struct kernel_map *map, const uint64_t *small)
{
	return map->banner && map->banner[0] && kernel_stack_size_valid(map->stack_size) &&
	       (small[1] == 4 || small[1] == 5) && small[10] > 0 && small[10] < 1 << 24 &&
	       small[11] < NUM_KALLSYMS_ENCODINGS && small[12] < NUM_ORC_LAYOUTS &&
	       small[14] == GUEST_PAGE_SIZE && map->num_orcs <= ORC_MAX_ENTRIES && map->root.value;
}

struct kernel_map *kernel_map_from_bytes(GBytes *bytes, GError **error)
{
	g_autoptr(KernelMap) map = kernel_map_new();
	struct map_parser parser = {.map = map};
	const uint64_t *small = parser.small;
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);
	g_autofree char *text = g_strndup(data ? data : "", length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);

	number_items(map, parser.numbers, parser.small);
	if (!lines[0] || !g_str_equal(lines[0], MAP_HEADER)) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "not a kernel map of this version");
		return NULL;
	}
	for (char **line = lines + 1; *line; line++) {
		if (**line && !parse_line(&parser, *line)) {
			g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "kernel map: bad line %zd", (ssize_t)(line - lines) + 1);
			return NULL;
		}
	}
	if (!numbers_valid(map, small)) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "kernel map: items missing or out of range");
		return NULL;
	}
	map->levels = small[1];
	map->kallsyms.num_symbols = small[10];
	map->kallsyms.encoding = small[11];
	map->orc_layout = small[12];
	return g_steal_pointer(&map);
}

bool kernel_map_smp(const struct kernel_map *map)
{
	/* "Linux version RELEASE (...) (...) #1 SMP PREEMPT_DYNAMIC DATE": UTS_VERSION. */
	const char *version = strstr(map->banner, " #");

	return version && strstr(version, " SMP");
}

struct address_space kernel_map_space(const struct kernel_map *map, struct snapshot *snapshot)
{
	return (struct address_space){
		.snapshot = snapshot, .root = map->root, .levels = map->levels};
}

bool kernel_map_fits(const struct kernel_map *map, struct snapshot *snapshot, GError **error)
{
	struct address_space space = kernel_map_space(map, snapshot);
	g_autofree char *banner = NULL;
	struct symbol symbol;
	uint64_t known;

	banner = address_space_read_string(&space, gva(map->symbols[SYMBOL_linux_banner]),
					   BANNER_MAX - 1, error);
	if (!banner)
		return false;
	if (!g_str_equal(banner, map->banner)) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "the kernel map is of another kernel or another boot");
		return false;
	}
	known = map->symbols[map->functions_only ? SYMBOL__stext : SYMBOL_linux_banner];
	if (!kallsyms_lookup(&map->kallsyms, &space, gva(known), &symbol, error))
		return false;
	if (symbol.start.value != known) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the kernel map's symbol table is not this kernel's");
		return false;
	}
	return true;
}
