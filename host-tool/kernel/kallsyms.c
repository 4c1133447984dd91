// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kallsyms.h"

#include <string.h>

#define NUM_TOKENS 256
#define SYMBOLS_PER_MARKER 256
#define INDEX_BYTES (NUM_TOKENS * sizeof(uint16_t))
#define MIN_SYMBOLS 1024
#define MAX_SYMBOLS (4u << 20)
#define MAX_ALIASES 4096
/* A genuine image has one token table; this bounds the search in a hostile one. */
#define MAX_TOKEN_TABLES 64
#define MAX_NAME_TOKENS 1024
/* Bytes from one marker to the next: names have 10 tokens on average; Rust names are longer. */
#define MIN_MARKER_STEP (2 * SYMBOLS_PER_MARKER)
#define MAX_MARKER_STEP (256 * SYMBOLS_PER_MARKER)

G_DEFINE_QUARK(oopsbt_kernel_error, kernel_error)

static size_t align8(size_t value)
{
	return (value + 7) & ~(size_t)7;
}

/* Returns the number of token bytes of the name at @bytes. *@header: bytes of the length field. */
static size_t name_length(const uint8_t *bytes, size_t *header)
{
	if (bytes[0] & 0x80) {
		*header = 2;
		return (bytes[0] & 0x7f) | (size_t)bytes[1] << 7;
	}
	*header = 1;
	return bytes[0];
}

/* Can a token index be at @position? Sets *@table_length to the length of its token table. */
static bool plausible_index(const struct image *image, size_t position, size_t *table_length)
{
	uint16_t last = 0;

	for (size_t i = 1; i < NUM_TOKENS; i++) {
		uint16_t offset = image_u16(image, position + 2 * i);

		if (offset < last + 2 || offset > last + 128)
			return false;
		last = offset;
	}
	*table_length = last;
	return true;
}

/* The token table ends directly before its index, except for padding. */
static bool find_token_table(const struct image *image, size_t index, size_t last_token,
			     size_t *table)
{
	for (size_t slack = 2; slack < 128; slack++) {
		size_t start = index - last_token - slack;
		bool fits = true;

		if (index < last_token + slack)
			return false;
		if (start % 4)
			continue;
		for (size_t i = 1; fits && i < NUM_TOKENS; i++) {
			size_t offset = image_u16(image, index + 2 * i);
			size_t previous = image_u16(image, index + 2 * (i - 1));

			fits = image->bytes[start + offset - 1] == '\0' &&
			       !memchr(image->bytes + start + previous, '\0',
				       offset - 1 - previous);
		}
		if (fits) {
			*table = start;
			return true;
		}
	}
	return false;
}

/*
 * The markers lie before the token table, the names before the markers, and the number of symbols
 * before the names. Names that are walked from one marker must end at the next.
 */
static bool walk_reaches_markers(struct image *image, size_t names, size_t markers,
				 uint32_t num_symbols)
{
	size_t position = names;

	for (uint32_t i = 0; i < num_symbols; i++) {
		size_t header, length;

		if (i % SYMBOLS_PER_MARKER == 0 &&
		    image_u32(image, markers + 4 * (i / SYMBOLS_PER_MARKER)) != position - names)
			return false;
		if (position + 2 > markers || !image_step(image))
			return false;
		length = name_length(image->bytes + position, &header);
		position += header + length;
		if (!length || position > markers)
			return false;
	}
	return position <= markers && markers - position < 64;
}

static bool find_names(struct image *image, size_t markers, size_t num_markers,
		       struct kallsyms *kallsyms)
{
	size_t last = image_u32(image, markers + 4 * (num_markers - 1));
	size_t high = markers - last;
	/* The names after the last marker: at most 255, and shorter than this together. */
	size_t low = high > MAX_MARKER_STEP ? high - MAX_MARKER_STEP : 0;

	for (size_t names = high & ~(size_t)3; names >= low && names >= 8 && image_step(image);
	     names -= 4) {
		/* num_syms has 4 bytes; its alignment, and so the gap, was 8 or 4. */
		for (size_t gap = 4; gap <= 8; gap += 4) {
			uint32_t count = image_u32(image, names - gap);

			if (count > MAX_SYMBOLS ||
			    (count + SYMBOLS_PER_MARKER - 1) / SYMBOLS_PER_MARKER != num_markers ||
			    !walk_reaches_markers(image, names, markers, count))
				continue;
			kallsyms->num_symbols = count;
			kallsyms->names = gva_add(image->start, names);
			kallsyms->markers = gva_add(image->start, markers);
			return true;
		}
	}
	return false;
}

static bool find_markers(struct image *image, size_t token_table, struct kallsyms *kallsyms)
{
	/* seqs_of_names (3 bytes a symbol) may lie between the markers and the token table. */
	size_t low = token_table > 16u << 20 ? token_table - (16u << 20) : 0;

	for (size_t start = token_table & ~(size_t)3; start >= low + 8; start -= 4) {
		size_t at = start - 4;
		size_t count = 1;
		uint32_t last = 0;

		if (image_u32(image, at) != 0)
			continue;
		while (at + 4 * count + 4 <= token_table) {
			uint32_t value = image_u32(image, at + 4 * count);

			if (value < last + MIN_MARKER_STEP || value > last + MAX_MARKER_STEP)
				break;
			last = value;
			count++;
		}
		if (count < MIN_SYMBOLS / SYMBOLS_PER_MARKER || last > at)
			continue;
		if (find_names(image, at, count, kallsyms))
			return true;
	}
	return false;
}

static gva_t offset_place(const struct kallsyms *kallsyms, uint32_t index)
{
	return gva_add(kallsyms->offsets, 4 * (uint64_t)index);
}

static uint64_t decode(const struct kallsyms *kallsyms, uint32_t index, uint32_t offset)
{
	switch (kallsyms->encoding) {
	case KALLSYMS_RELATIVE:
		return kallsyms->relative_base + offset;
	case KALLSYMS_SELF_RELATIVE:
		return offset_place(kallsyms, index).value + (int64_t)(int32_t)offset;
	default:
		if ((int32_t)offset >= 0)
			return offset;
		return kallsyms->relative_base - 1 - (int64_t)(int32_t)offset;
	}
}

/* All symbols must be in order, most must lie in the image, and none in this table. */
static bool offsets_make_sense(const struct image *image, const struct kallsyms *kallsyms)
{
	size_t offsets = kallsyms->offsets.value - image->start.value;
	uint64_t table_length = 4 * (uint64_t)kallsyms->num_symbols;
	uint32_t within = 0;
	uint64_t last = 0;

	for (uint32_t i = 0; i < kallsyms->num_symbols; i++) {
		uint64_t address = decode(kallsyms, i, image_u32(image, offsets + 4 * (size_t)i));

		if (address < last)
			return false;
		last = address;
		within += address - image->start.value < image->length &&
			  address - kallsyms->offsets.value >= table_length;
	}
	return within > kallsyms->num_symbols / 2;
}

static bool try_offsets(const struct image *image, size_t offsets, uint64_t relative_base,
			struct kallsyms *kallsyms)
{
	if (offsets + 4 * (size_t)kallsyms->num_symbols > image->length)
		return false;
	kallsyms->offsets = gva_add(image->start, offsets);
	kallsyms->relative_base = relative_base;
	for (kallsyms->encoding = 0; kallsyms->encoding < NUM_KALLSYMS_ENCODINGS;
	     kallsyms->encoding++) {
		if (offsets_make_sense(image, kallsyms))
			return true;
	}
	return false;
}

static bool find_offsets(const struct image *image, size_t token_index, struct kallsyms *kallsyms)
{
	size_t bytes = align8(4 * (size_t)kallsyms->num_symbols);
	size_t names = kallsyms->names.value - image->start.value;
	size_t after = token_index + INDEX_BYTES;
	uint64_t base;

	/* Directly after the index; aligned to 8 if an address follows them. */
	for (size_t step = 0; step < 2; step++, after = align8(after)) {
		if (after + bytes + 8 > image->length)
			break;
		memcpy(&base, image->bytes + after + bytes, sizeof(base));
		if (try_offsets(image, after, base, kallsyms))
			return true;
	}
	/* Before the names: offsets, relative_base (8 bytes), num_syms (4, padded to 8). */
	if (names >= bytes + 16) {
		memcpy(&base, image->bytes + names - 16, sizeof(base));
		if (try_offsets(image, names - 16 - bytes, base, kallsyms))
			return true;
	}
	return false;
}

static bool search(struct image *image, struct kallsyms *kallsyms)
{
	unsigned int token_tables = 0;

	for (size_t position = 0; position + INDEX_BYTES <= image->length; position += 4) {
		size_t last_token, token_table;

		if (image_u16(image, position) || !plausible_index(image, position, &last_token) ||
		    !find_token_table(image, position, last_token, &token_table))
			continue;
		if (++token_tables > MAX_TOKEN_TABLES)
			return false;
		kallsyms->token_table = gva_add(image->start, token_table);
		kallsyms->token_index = gva_add(image->start, position);
		if (find_markers(image, token_table, kallsyms) &&
		    find_offsets(image, position, kallsyms))
			return true;
	}
	return false;
}

bool kallsyms_find(struct image *image, struct kallsyms *kallsyms, GError **error)
{
	if (search(image, kallsyms))
		return true;
	g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
		    "no kallsyms tables in the %zu bytes at 0x%" G_GINT64_MODIFIER
		    "x (a kernel without CONFIG_KALLSYMS, or not Linux)",
		    image->length, image->start.value);
	return false;
}

static bool address_of(const struct kallsyms *kallsyms, const struct address_space *space,
		       uint32_t index, uint64_t *address, GError **error)
{
	uint32_t offset;

	if (!address_space_read_u32(space, offset_place(kallsyms, index), &offset, error))
		return false;
	*address = decode(kallsyms, index, offset);
	return true;
}

/* Expands @length tokens into @name, without the type character. */
static bool expand(const struct kallsyms *kallsyms, const struct address_space *space,
		   const uint8_t *tokens, size_t length, char name[SYMBOL_NAME_MAX], GError **error)
{
	size_t used = 0;
	bool skip_type = true;

	for (size_t i = 0; i < length; i++) {
		uint16_t offset;
		char token[128];
		size_t token_length;

		if (!address_space_read(space,
					gva_add(kallsyms->token_index, 2 * (uint64_t)tokens[i]),
					&offset, sizeof(offset), NULL, error) ||
		    !address_space_read(space, gva_add(kallsyms->token_table, offset), token,
					sizeof(token), NULL, error))
			return false;
		token_length = strnlen(token, sizeof(token));
		for (size_t j = skip_type; j < token_length && used + 1 < SYMBOL_NAME_MAX; j++)
			name[used++] = token[j];
		skip_type = skip_type && !token_length;
	}
	name[used] = '\0';
	return true;
}

/*
 * ThinLTO of clang renames local symbols that it makes global: "NAME.llvm.NUMBER". The kernel's
 * traces show NAME.
 */
static void strip_suffix(char *name)
{
	char *suffix = strstr(name, ".llvm.");

	if (suffix && suffix != name)
		*suffix = '\0';
}

static bool name_of(const struct kallsyms *kallsyms, const struct address_space *space,
		    uint32_t index, char name[SYMBOL_NAME_MAX], GError **error)
{
	uint8_t tokens[MAX_NAME_TOKENS];
	uint32_t position;
	size_t header, length;

	if (!address_space_read_u32(
		    space, gva_add(kallsyms->markers, 4 * (uint64_t)(index / SYMBOLS_PER_MARKER)),
		    &position, error))
		return false;
	for (uint32_t skip = index % SYMBOLS_PER_MARKER;; skip--) {
		uint8_t bytes[2];

		if (!address_space_read(space, gva_add(kallsyms->names, position), bytes,
					sizeof(bytes), NULL, error))
			return false;
		length = name_length(bytes, &header);
		if (!skip)
			break;
		position += header + length;
	}
	if (length > sizeof(tokens)) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "kallsyms: symbol %u has a name of %zu tokens", index, length);
		return false;
	}
	if (!address_space_read(space, gva_add(kallsyms->names, position + header), tokens, length,
				NULL, error) ||
	    !expand(kallsyms, space, tokens, length, name, error))
		return false;
	strip_suffix(name);
	return true;
}

bool kallsyms_lookup(const struct kallsyms *kallsyms, const struct address_space *space,
		     gva_t address, struct symbol *symbol, GError **error)
{
	uint32_t low = 0, high = kallsyms->num_symbols;
	uint64_t start, next = 0;

	/* Invariant: symbols below `low` start at or before the address, those from `high` on
	 * after. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (!address_of(kallsyms, space, middle, &start, error))
			return false;
		if (start <= address.value) {
			low = middle + 1;
		} else {
			high = middle;
			next = start;
		}
	}
	if (!low) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "0x%" G_GINT64_MODIFIER "x lies before the first symbol",
			    address.value);
		return false;
	}
	low--;
	if (!address_of(kallsyms, space, low, &start, error))
		return false;
	/* The kernel shows the first of several symbols at one address. */
	for (unsigned int i = 0; low && i < MAX_ALIASES; i++) {
		uint64_t previous;

		if (!address_of(kallsyms, space, low - 1, &previous, error))
			return false;
		if (previous != start)
			break;
		low--;
	}
	symbol->start = gva(start);
	symbol->size = next ? next - start : 0;
	return name_of(kallsyms, space, low, symbol->name, error);
}

/* All token strings, NUL-terminated, by token number. */
static bool load_tokens(const struct kallsyms *kallsyms, const struct address_space *space,
			uint8_t table[static 1 << 16], uint16_t index[static NUM_TOKENS],
			GError **error)
{
	size_t length;

	if (!address_space_peek(space, kallsyms->token_index, index, INDEX_BYTES, error))
		return false;
	length = index[NUM_TOKENS - 1] + 128u;
	memset(table, 0, 1 << 16);
	return address_space_peek(space, kallsyms->token_table, table, MIN(length, (1 << 16) - 1),
				  error);
}

bool kallsyms_resolve(const struct kallsyms *kallsyms, const struct address_space *space,
		      const char *const *names, size_t num_names, uint64_t *values, GError **error)
{
	g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
	g_autofree uint8_t *packed = NULL;
	g_autofree uint8_t *table = g_malloc(1 << 16);
	uint16_t index[NUM_TOKENS];
	size_t packed_length = kallsyms->markers.value - kallsyms->names.value;
	size_t position = 0;

	for (size_t i = 0; i < num_names; i++) {
		values[i] = 0;
		g_hash_table_insert(wanted, (gpointer)names[i], &values[i]);
	}
	if (packed_length > MAX_IMAGE) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "kallsyms: the names do not lie before their markers");
		return false;
	}
	if (!load_tokens(kallsyms, space, table, index, error))
		return false;
	packed = g_malloc(packed_length);
	if (!address_space_peek(space, kallsyms->names, packed, packed_length, error))
		return false;

	for (uint32_t i = 0; i < kallsyms->num_symbols && position + 2 <= packed_length; i++) {
		char name[SYMBOL_NAME_MAX];
		size_t header, used = 0;
		size_t length = name_length(packed + position, &header);
		uint64_t *value;

		position += header;
		if (position + length > packed_length)
			break;
		for (size_t j = 0; j < length && used < sizeof(name); j++)
			used += g_strlcpy(name + used,
					  (const char *)table + index[packed[position + j]],
					  sizeof(name) - used);
		position += length;
		if (!used || used >= sizeof(name))
			continue;
		strip_suffix(name);
		value = g_hash_table_lookup(wanted, name + 1);
		if (value && !*value) {
			uint32_t offset;

			if (!address_space_peek(space, offset_place(kallsyms, i), &offset,
						sizeof(offset), error))
				return false;
			*value = decode(kallsyms, i, offset);
		}
	}
	return true;
}
