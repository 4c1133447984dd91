// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/btf.h"

#include <bpf/btf.h>
#include <string.h>

#define MAX_BTF (64u << 20)
#define MAX_DEPTH 8

static const struct btf_type *struct_by_name(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? btf__type_by_id(btf, id) : NULL;
}

static const struct btf_type *strip(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (int i = 0; type && i < MAX_DEPTH && (btf_is_mod(type) || btf_is_typedef(type)); i++)
		type = btf__type_by_id(btf, type->type);
	return type;
}

/* Looks for a member, also inside anonymous structures and unions. */
static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *type,
					    const char *name, size_t name_length, int depth,
					    uint32_t *bits)
{
	const struct btf_member *member = btf_members(type);

	for (int i = 0; i < btf_vlen(type); i++, member++) {
		const char *member_name = btf__name_by_offset(btf, member->name_off);
		uint32_t offset = btf_member_bit_offset(type, i);

		if (member_name && member_name[0]) {
			if (strlen(member_name) == name_length &&
			    !memcmp(member_name, name, name_length)) {
				*bits += offset;
				return member;
			}
		} else if (depth < MAX_DEPTH) {
			const struct btf_type *inner = strip(btf, member->type);
			uint32_t inner_bits = *bits + offset;
			const struct btf_member *found;

			if (!inner || !btf_is_composite(inner))
				continue;
			found = find_member(btf, inner, name, name_length, depth + 1, &inner_bits);
			if (found) {
				*bits = inner_bits;
				return found;
			}
		}
	}
	return NULL;
}

static int32_t member_offset(const struct btf *btf, const char *structure, const char *path)
{
	const struct btf_type *type = struct_by_name(btf, structure);
	uint32_t bits = 0;

	while (type && btf_is_composite(type)) {
		size_t length = strcspn(path, ".");
		const struct btf_member *member = find_member(btf, type, path, length, 0, &bits);

		if (!member)
			return FIELD_UNKNOWN;
		if (!path[length])
			return (int32_t)(bits / 8);
		path += length + 1;
		type = strip(btf, member->type);
	}
	return FIELD_UNKNOWN;
}

static int32_t structure_size(const struct btf *btf, const char *structure)
{
	const struct btf_type *type = struct_by_name(btf, structure);

	return type && type->size < 1 << 20 ? (int32_t)type->size : FIELD_UNKNOWN;
}

bool btf_resolve_fields(struct kernel_map *map, const struct address_space *space, GError **error)
{
	const struct kernel_field_name *names = kernel_field_names();
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
	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i++)
		map->fields[i] = names[i].member
					 ? member_offset(btf, names[i].structure, names[i].member)
					 : structure_size(btf, names[i].structure);
	btf__free(btf);
	return true;
}
