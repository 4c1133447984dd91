// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <string.h>

#define MAX_BTF (64u << 20)
#define MAX_DEPTH 8
/* The same limit as in a map: no kernel structure is this large. */
#define MAX_OFFSET (1u << 20)

/* BTF with indexes that make repeated searches cheap. */
struct types {
	const struct btf *btf;
	GHashTable *by_name; /* type numbers of the structures and unions in the field table */
	GHashTable *lacking; /* unnamed types that lack the member searched for */
};

static void find_structures(struct types *types)
{
	const struct kernel_field_name *names = kernel_field_names();
	uint32_t count = btf__type_cnt(types->btf);

	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i++)
		g_hash_table_insert(types->by_name, (gpointer)names[i].structure, NULL);
	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(types->btf, id);
		const char *name = btf__name_by_offset(types->btf, type->name_off);
		gpointer key, value;

		if (!name || !name[0] ||
		    !g_hash_table_lookup_extended(types->by_name, name, &key, &value))
			continue;
		/* A structure without a name has the name of its typedef. */
		if (btf_is_composite(type))
			g_hash_table_insert(types->by_name, key, GUINT_TO_POINTER(id));
		else if (btf_is_typedef(type) && !value)
			g_hash_table_insert(types->by_name, key, GUINT_TO_POINTER(type->type));
	}
}

static const struct btf_type *structure(const struct types *types, const char *name)
{
	uint32_t id = GPOINTER_TO_UINT(g_hash_table_lookup(types->by_name, name));

	const struct btf_type *type = id ? btf__type_by_id(types->btf, id) : NULL;

	return type && btf_is_composite(type) ? type : NULL;
}

static const struct btf_type *strip(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (int i = 0; type && i < MAX_DEPTH && (btf_is_mod(type) || btf_is_typedef(type)); i++)
		type = btf__type_by_id(btf, type->type);
	return type;
}

static const struct btf_member *find_member(struct types *types, const struct btf_type *type,
					    const char *name, size_t name_length, int depth,
					    uint32_t *bits);

/*
 * Searches an unnamed structure or union, but each type only once: hostile types that nest
 * repeatedly have too many paths to search.
 */
static const struct btf_member *find_inner(struct types *types, uint32_t id, const char *name,
					   size_t name_length, int depth, uint32_t *bits)
{
	const struct btf_type *inner = strip(types->btf, id);
	uint32_t inner_bits = *bits;
	const struct btf_member *found;

	if (depth >= MAX_DEPTH || !inner || !btf_is_composite(inner) ||
	    !g_hash_table_add(types->lacking, (gpointer)inner))
		return NULL;
	found = find_member(types, inner, name, name_length, depth + 1, &inner_bits);
	if (found)
		*bits = inner_bits;
	return found;
}

/* Searches for a member, also in unnamed structures and unions. */
static const struct btf_member *find_member(struct types *types, const struct btf_type *type,
					    const char *name, size_t name_length, int depth,
					    uint32_t *bits)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++, member++) {
		const char *member_name = btf__name_by_offset(types->btf, member->name_off);
		uint32_t member_bits = *bits + btf_member_bit_offset(type, i);
		const struct btf_member *found;

		if (member_name && member_name[0]) {
			if (strncmp(member_name, name, name_length) || member_name[name_length])
				continue;
			*bits = member_bits;
			return member;
		}
		found = find_inner(types, member->type, name, name_length, depth, &member_bits);
		if (found) {
			*bits = member_bits;
			return found;
		}
	}
	return NULL;
}

static int32_t member_offset(struct types *types, const char *name, const char *path)
{
	const struct btf_type *type = structure(types, name);
	uint32_t bits = 0;

	while (type && btf_is_composite(type)) {
		size_t length = strcspn(path, ".");
		const struct btf_member *member;

		g_hash_table_remove_all(types->lacking);
		member = find_member(types, type, path, length, 0, &bits);
		if (!member || bits / 8 > MAX_OFFSET)
			return FIELD_UNKNOWN;
		if (!path[length])
			return (int32_t)(bits / 8);
		path += length + 1;
		type = strip(types->btf, member->type);
	}
	return FIELD_UNKNOWN;
}

static int32_t structure_size(const struct types *types, const char *name)
{
	const struct btf_type *type = structure(types, name);

	return type && type->size <= MAX_OFFSET ? (int32_t)type->size : FIELD_UNKNOWN;
}

static const char *variable_name(const struct btf *btf, const struct btf_var_secinfo *variable)
{
	const struct btf_type *type = btf__type_by_id(btf, variable->type);

	return type ? btf__name_by_offset(btf, type->name_off) : NULL;
}

/* The index in map->symbols of each symbol name. */
static GHashTable *symbols_by_name(struct kernel_map *map)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);

	for (size_t i = 0; i < NUM_KERNEL_SYMBOLS; i++)
		g_hash_table_insert(table, (gpointer)kernel_symbol_names()[i], &map->symbols[i]);
	return table;
}

/*
 * Fills the per-CPU variables that have no symbol. An exported variable has a symbol, and so tells
 * where the section begins: at 0, or from 6.15 on in the image.
 */
static void fill_percpu(const struct btf *btf, struct kernel_map *map)
{
	g_autoptr(GHashTable) symbols = symbols_by_name(map);
	int id = btf__find_by_name_kind(btf, ".data..percpu", BTF_KIND_DATASEC);
	const struct btf_type *section = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	const struct btf_var_secinfo *variables = section ? btf_var_secinfos(section) : NULL;
	uint64_t start = 0;

	for (int pass = 0; section && pass < 2; pass++) {
		for (int i = 0; i < btf_vlen(section); i++) {
			const char *name = variable_name(btf, &variables[i]);
			uint64_t *value = name ? g_hash_table_lookup(symbols, name) : NULL;

			if (!value)
				continue;
			if (pass == 0 && *value)
				start = *value - variables[i].offset;
			if (pass == 1 && !*value)
				*value = start + variables[i].offset;
		}
	}
}

static void fill_fields(const struct btf *btf, struct kernel_map *map)
{
	const struct kernel_field_name *names = kernel_field_names();
	g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) lacking = g_hash_table_new(NULL, NULL);
	struct types types = {btf, by_name, lacking};

	find_structures(&types);
	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i++)
		map->fields[i] =
			names[i].member ? member_offset(&types, names[i].structure, names[i].member)
					: structure_size(&types, names[i].structure);
}

bool btf_resolve_fields(struct kernel_map *map, const struct address_space *space, GError **error)
{
	uint64_t start = map->symbols[SYMBOL___start_BTF];
	uint64_t stop = map->symbols[SYMBOL___stop_BTF];
	g_autofree uint8_t *data = NULL;
	struct btf *btf;

	if (!start || stop <= start || stop - start > MAX_BTF) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "the kernel carries no BTF (CONFIG_DEBUG_INFO_BTF)");
		return false;
	}
	data = g_malloc(stop - start);
	if (!address_space_peek(space, gva(start), data, stop - start, error))
		return false;
	btf = btf__new(data, stop - start);
	if (!btf) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "the kernel's BTF cannot be decoded: %s", g_strerror(errno));
		return false;
	}
	fill_fields(btf, map);
	if (map->functions_only)
		fill_percpu(btf, map);
	btf__free(btf);
	return true;
}
