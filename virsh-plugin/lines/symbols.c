/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SYMBOLS 4000000

G_DEFINE_QUARK(oopsbt - lines - error, lines_error)

struct symbol {
	guint64 address;
	guint64 size; /* from the ELF file */
	const char *name;
	guint same_name; /* index + 1 of the next symbol with this name; 0: none */
};

struct symbols {
	GArray *sorted;	     /* of struct symbol, by address */
	GHashTable *by_name; /* name: index + 1 of the first symbol */
	guint64 bias;	     /* add it to the linker's addresses */
};

static int compare_addresses(const void *a, const void *b)
{
	const struct symbol *left = a;
	const struct symbol *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void read_symbols(Dwfl_Module *module, int count, GArray *sorted)
{
	for (int i = 1; i < count && i < MAX_SYMBOLS; i++) {
		struct symbol symbol = {0};
		GElf_Sym elf;
		GElf_Word section;

		symbol.name = dwfl_module_getsym_info(module, i, &elf, &symbol.address, &section,
						      NULL, NULL);
		symbol.size = elf.st_size;
		if (!symbol.name || !*symbol.name || section == SHN_UNDEF ||
		    GELF_ST_TYPE(elf.st_info) == STT_SECTION ||
		    GELF_ST_TYPE(elf.st_info) == STT_FILE)
			continue;
		g_array_append_val(sorted, symbol);
	}
	g_array_sort(sorted, compare_addresses);
}

static void index_names(struct symbols *symbols)
{
	for (guint i = 0; i < symbols->sorted->len; i++) {
		struct symbol *symbol = &g_array_index(symbols->sorted, struct symbol, i);

		symbol->same_name =
			GPOINTER_TO_UINT(g_hash_table_lookup(symbols->by_name, symbol->name));
		g_hash_table_insert(symbols->by_name, (void *)symbol->name,
				    GUINT_TO_POINTER(i + 1));
	}
}

struct symbols *symbols_new(Dwfl_Module *module, GError **error)
{
	int count = dwfl_module_getsymtab(module);
	struct symbols *symbols;
	GElf_Addr bias = 0;

	if (count <= 0) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "it has no symbol table%s%s",
			    count < 0 ? ": " : "", count < 0 ? dwfl_errmsg(-1) : "");
		return NULL;
	}
	dwfl_module_getelf(module, &bias);
	symbols = g_new0(struct symbols, 1);
	symbols->bias = bias;
	symbols->sorted = g_array_new(FALSE, FALSE, sizeof(struct symbol));
	symbols->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	read_symbols(module, count, symbols->sorted);
	index_names(symbols);
	return symbols;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	g_array_unref(symbols->sorted);
	g_hash_table_unref(symbols->by_name);
	g_free(symbols);
}

/* The distance to the next symbol, which is the kernel's size of a symbol; 0: it is the last. */
static guint64 distance_to_next(const struct symbols *symbols, guint i)
{
	guint64 address = g_array_index(symbols->sorted, struct symbol, i).address;

	while (++i < symbols->sorted->len) {
		guint64 next = g_array_index(symbols->sorted, struct symbol, i).address;

		if (next > address)
			return next - address;
	}
	return 0;
}

/* Can symbol @i be that of @place, by its size? */
static bool fits(const struct symbols *symbols, guint i, const struct place *place, bool exactly)
{
	guint64 size = g_array_index(symbols->sorted, struct symbol, i).size;

	if (exactly)
		return place->size == distance_to_next(symbols, i);
	return place->size == 0 || size <= place->size;
}

/* The number of fitting symbols with that name, and one of them. */
static guint count_fitting(const struct symbols *symbols, const struct place *place, bool exactly,
			   const struct symbol **found)
{
	guint next = GPOINTER_TO_UINT(g_hash_table_lookup(symbols->by_name, place->symbol));
	guint count = 0;

	while (next) {
		const struct symbol *symbol =
			&g_array_index(symbols->sorted, struct symbol, next - 1);

		/* A weak and a strong name of one function count once. */
		if (fits(symbols, next - 1, place, exactly) &&
		    (count == 0 || symbol->address != (*found)->address)) {
			*found = symbol;
			count++;
		}
		next = symbol->same_name;
	}
	return count;
}

/* Is a symbol with that name at the place's linked address? */
static bool is_linked_there(const struct symbols *symbols, const struct place *place)
{
	guint next = GPOINTER_TO_UINT(g_hash_table_lookup(symbols->by_name, place->symbol));

	while (next) {
		const struct symbol *symbol =
			&g_array_index(symbols->sorted, struct symbol, next - 1);

		if (symbol->address - symbols->bias + place->offset == place->linked)
			return true;
		next = symbol->same_name;
	}
	return false;
}

bool symbols_find(const struct symbols *symbols, const struct place *place, guint64 *address,
		  GError **error)
{
	const struct symbol *found = NULL;
	guint count;

	if (place->linked && (!place->symbol || is_linked_there(symbols, place))) {
		*address = place->linked + symbols->bias - (place->is_return ? 1 : 0);
		return true;
	}
	if (!place->symbol) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_PLACE, "no symbol is known");
		return false;
	}
	count = count_fitting(symbols, place, false, &found);
	if (count > 1)
		count = count_fitting(symbols, place, true, &found);
	if (count != 1) {
		g_set_error(error, LINES_ERROR, LINES_ERROR_PLACE,
			    g_hash_table_contains(symbols->by_name, place->symbol)
				    ? "several functions are called %s, and the report does not "
				      "tell which"
				    : "it has no function %s",
			    place->symbol);
		return false;
	}
	*address = found->address + place->offset - (place->is_return ? 1 : 0);
	return true;
}
