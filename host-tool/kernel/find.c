// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/find.h"

#include <string.h>

#include "kernel/btf.h"
#include "kernel/hot_layout.h"
#include "kernel/kernel.h"
#include "kernel/ksymtab.h"
#include "kernel/module_layout.h"
#include "kernel/signatures.h"
#include "kernel/sysctl_table.h"
#include "kernel/task_layout.h"
#include "kernel/vmcoreinfo.h"
#include "kernel/x86_64/code_variables.h"
#include "kernel/x86_64/roots.h"

/* The limit for all images together: about two seconds, enough for two images of maximum size. */
#define MAX_SEARCH_STEPS (1u << 28)
#define MAX_SEARCH_BYTES (2ull * MAX_IMAGE)

#define BANNER_PREFIX "Linux version "

/*
 * @banner: of a kernel whose symbol tables are not found. Before 4.20 they had another form:
 * markers of 8 bytes (scripts/kallsyms.c). OpenWrt's kernels do not compress the names
 * (CONFIG_KALLSYMS_UNCOMPRESSED, a patch of OpenWrt).
 */
static void refuse_kernel(const char *banner, GError **error)
{
	const char *release = banner + strlen(BANNER_PREFIX);
	int length = (int)strcspn(release, " ");
	char *end;
	guint64 major = g_ascii_strtoull(release, &end, 10);
	guint64 minor = *end == '.' ? g_ascii_strtoull(end + 1, NULL, 10) : 0;

	if (major < 5 || (major == 5 && minor < 4))
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "Linux %.*s is older than 5.4, the oldest release that oopsbt reads",
			    length, release);
	else
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "Linux %.*s has no kallsyms tables of a form that oopsbt knows, or "
			    "none at all (CONFIG_KALLSYMS)",
			    length, release);
}

static bool find_kallsyms(struct kernel_map *map, struct image *image, GError **error)
{
	if (kallsyms_find(image, &map->kallsyms, error))
		return true;
	if (signature_banner(image, map)) {
		uint64_t at = map->symbols[SYMBOL_linux_banner] - image->start.value;

		g_clear_error(error);
		refuse_kernel((const char *)image->bytes + at, error);
	}
	return false;
}

static bool find_symbols(struct kernel_map *map, const struct address_space *space,
			 struct image *image, GError **error)
{
	map->image_start = image->start;
	map->image_length = image->length;
	return find_kallsyms(map, image, error) &&
	       kallsyms_resolve(&map->kallsyms, space, kernel_symbol_names(), NUM_KERNEL_SYMBOLS,
				map->symbols, error);
}

static bool check_banner(struct kernel_map *map, const struct address_space *space, GError **error)
{
	map->banner = address_space_read_string(space, gva(map->symbols[SYMBOL_linux_banner]), 511,
						error);
	if (!map->banner)
		return false;
	if (g_str_has_prefix(map->banner, BANNER_PREFIX))
		return true;
	g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "linux_banner does not hold a Linux banner");
	return false;
}

/*
 * kallsyms of a kernel without CONFIG_KALLSYMS_ALL has functions only. This finds variables through
 * exports and through signatures; build() adds variables that have a sysctl or that known functions
 * use.
 */
static bool find_variables(struct kernel_map *map, const struct address_space *space,
			   struct image *image, GError **error)
{
	map->functions_only = 1;
	/* No memory below the image is mapped: cleanup_highmap() in arch/x86/mm/init_64.c. */
	map->symbols[SYMBOL__text] = image->start.value;
	map->symbols[SYMBOL__end] = image->start.value + image->length;
	ksymtab_resolve(image, kernel_symbol_names(), NUM_KERNEL_SYMBOLS, map->symbols);
	if (!signature_banner(image, map)) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "kallsyms does not name linux_banner, and nothing in the image "
				    "looks like it");
		return false;
	}
	signature_orc(image, map);
	signature_btf(image, map);
	signature_vmcoreinfo(image, space->snapshot, map);
	return true;
}

/* VMCOREINFO names the log's variables for dump readers. */
static void find_exported_to_dumps(struct kernel_map *map, const struct address_space *space)
{
	static const enum kernel_symbol symbols[] = {
		SYMBOL_prb,	      SYMBOL_log_buf,	   SYMBOL_log_buf_len,
		SYMBOL_log_first_idx, SYMBOL_log_next_idx,
	};
	struct kernel kernel = {.map = map, .space = *space};
	g_autofree char *text = vmcoreinfo_read(&kernel, NULL);

	for (size_t i = 0; text && i < G_N_ELEMENTS(symbols); i++) {
		g_autofree char *key =
			g_strdup_printf("SYMBOL(%s)", kernel_symbol_names()[symbols[i]]);

		if (!map->symbols[symbols[i]])
			vmcoreinfo_address(text, key, &map->symbols[symbols[i]]);
	}
}

/*
 * Finds the kernel's own page tables, which serve for every vCPU, whatever process or user half it
 * runs on. Page tables that lack the kernel's data are the user half of page-table isolation.
 * Without PCID these map the kernel's text and rodata (pti_clone_kernel_text() in
 * arch/x86/mm/pti.c), and so its symbols.
 */
static bool find_root(struct kernel_map *map, const struct address_space *space,
		      const struct image *image, GError **error)
{
	struct mapping mapping, check;
	struct address_space kernel = *space;

	map->levels = space->levels;
	map->root = space->root;
	if (!map->symbols[SYMBOL_init_top_pgt]) {
		gva_t tables;

		if (!kernel_own_tables(space, image, &tables)) {
			g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
					    "kallsyms does not name init_top_pgt, and no page of "
					    "the image looks like it");
			return false;
		}
		map->symbols[SYMBOL_init_top_pgt] = tables.value;
	}
	if (!address_space_translate(space, gva(map->symbols[SYMBOL_init_top_pgt]), &mapping,
				     error)) {
		g_prefix_error(error, "these page tables do not map init_top_pgt: ");
		return false;
	}
	kernel.root = mapping.address;
	if (!address_space_translate(space, gva(map->symbols[SYMBOL_linux_banner]), &check, error))
		return false;
	if (!address_space_translate(&kernel, gva(map->symbols[SYMBOL_linux_banner]), &mapping,
				     error)) {
		g_prefix_error(error, "init_top_pgt does not map the kernel: ");
		return false;
	}
	if (mapping.address.value != check.address.value) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "init_top_pgt maps something else than the kernel");
		return false;
	}
	map->root = kernel.root;
	return true;
}

static bool find_orc(struct kernel_map *map, const struct address_space *space, GError **error)
{
	uint64_t start = map->symbols[SYMBOL___start_orc_unwind];
	uint64_t stop = map->symbols[SYMBOL___stop_orc_unwind];
	struct orc_table table = {
		.ips = gva(map->symbols[SYMBOL___start_orc_unwind_ip]),
		.entries = gva(start),
		.num_entries = (stop - start) / ORC_ENTRY_SIZE,
	};

	if (!start || stop <= start || !table.ips.value) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "the kernel has no ORC tables (CONFIG_UNWINDER_ORC)");
		return false;
	}
	if (!orc_detect_layout(space, &table, &map->orc_layout, error))
		return false;
	map->num_orcs = table.num_entries;
	return true;
}

/* Sets the size of task stacks: from BTF, or from the distance of init_stack to the next symbol. */
static void find_stack_size(struct kernel_map *map, const struct address_space *space)
{
	uint64_t stack = map->symbols[SYMBOL_init_stack];
	struct symbol symbol;

	if (map->fields[SIZE_irq_stack] != FIELD_UNKNOWN &&
	    kernel_stack_size_valid((uint64_t)map->fields[SIZE_irq_stack]))
		map->stack_size = (uint64_t)map->fields[SIZE_irq_stack];
	else if (stack && kallsyms_lookup(&map->kallsyms, space, gva(stack), &symbol, NULL) &&
		 kernel_stack_size_valid(symbol.size))
		map->stack_size = symbol.size;
}

static struct kernel_map *build(const struct address_space *space, struct image *image,
				GError **error)
{
	g_autoptr(KernelMap) map = kernel_map_new();
	g_autoptr(GError) btf_error = NULL;
	g_autoptr(GError) orc_error = NULL;

	map->revision = KERNEL_MAP_REVISION;
	if (!find_symbols(map, space, image, error) ||
	    (!map->symbols[SYMBOL_linux_banner] && !find_variables(map, space, image, error)) ||
	    !check_banner(map, space, error) || !find_root(map, space, image, error))
		return NULL;
	if (!find_orc(map, space, &orc_error))
		map->no_orc = g_strdup(orc_error->message);
	if (!btf_resolve_fields(map, space, &btf_error))
		map->no_btf = g_strdup(btf_error->message);
	if (map->functions_only) {
		signature_modules(image, space, map);
		find_exported_to_dumps(map, space);
		sysctl_table(image, map);
		code_variables(image, space, map);
	}
	find_stack_size(map, space);
	if (map->no_btf) {
		task_layout_infer(map, space);
		hot_layout_infer(map, space);
		module_layout_infer(map, space);
	}
	return g_steal_pointer(&map);
}

struct search {
	struct snapshot *snapshot;
	const GArray *vcpus; /* of struct vcpu_registers */
	struct kernel_map *map;
	GArray *refused;   /* of struct mapped_place: images without a kernel */
	GError *error;	   /* of the first image that was searched */
	char *first_empty; /* the first page tables that map no image */
	uint64_t steps_left, bytes_left;
};

/* All processes map an image at the same place. */
struct mapped_place {
	gpa_t first;
	struct mapped_run run;
};

static bool was_refused(const struct search *search, const struct mapped_place *place)
{
	for (guint i = 0; i < search->refused->len; i++) {
		const struct mapped_place *known =
			&g_array_index(search->refused, struct mapped_place, i);

		if (known->first.value == place->first.value &&
		    known->run.start.value == place->run.start.value &&
		    known->run.length == place->run.length)
			return true;
	}
	return false;
}

static struct kernel_map *look_through(struct search *search, const struct address_space *space,
				       struct mapped_run run, GError **error)
{
	g_auto(Image) image = {0};
	struct kernel_map *map;

	if (run.length > search->bytes_left) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "a kernel image of %" G_GUINT64_FORMAT
			    " bytes is too large, or the last of too many",
			    run.length);
		return NULL;
	}
	search->bytes_left -= run.length;
	if (!image_copy(space, run, search->steps_left, &image, error))
		return NULL;
	map = build(space, &image, error);
	search->steps_left = image.steps_left;
	return map;
}

static bool try_run(struct search *search, const struct kernel_root *root, struct mapped_run run)
{
	struct mapped_place place = {.run = run};
	struct mapping first;
	g_autoptr(GError) error = NULL;

	if (!address_space_translate(&root->space, run.start, &first, NULL))
		return false;
	place.first = first.address;
	if (was_refused(search, &place))
		return false;
	search->map = look_through(search, &root->space, run, &error);
	if (search->map)
		return true;
	g_array_append_val(search->refused, place);
	if (!search->error) {
		g_prefix_error(&error, "%s: ", root->origin);
		search->error = g_steal_pointer(&error);
	}
	return false;
}

static bool has_hint(const struct kernel_root *root, const struct mapped_run *run)
{
	for (size_t i = 0; i < G_N_ELEMENTS(root->hints); i++) {
		if (root->hints[i].value - run->start.value < run->length)
			return true;
	}
	return false;
}

/* Tries the image parts that contain a hint first; a root may have no hints. */
static bool try_root(void *user_data, const struct kernel_root *root)
{
	struct search *search = user_data;
	g_autoptr(GArray) runs = kernel_image_runs(&root->space);

	if (!runs->len && !search->first_empty)
		search->first_empty = g_strdup(root->origin);
	for (int hinted = 1; hinted >= 0; hinted--) {
		for (guint i = 0; i < runs->len; i++) {
			const struct mapped_run *run = &g_array_index(runs, struct mapped_run, i);

			if (has_hint(root, run) == hinted && try_run(search, root, *run))
				return true;
		}
	}
	return false;
}

static char *what_was_seen(const struct search *search)
{
	if (search->error)
		return g_strdup(search->error->message);
	if (search->first_empty)
		return g_strdup_printf("the page tables of %s map no Linux kernel image",
				       search->first_empty);
	for (guint i = 0; i < search->vcpus->len; i++) {
		const struct vcpu_registers *vcpu =
			&g_array_index(search->vcpus, struct vcpu_registers, i);

		if (vcpu_in_32_bit_paging(vcpu))
			return g_strdup_printf("vCPU %u runs a 32-bit system, which oopsbt cannot "
					       "read",
					       vcpu->vcpu);
	}
	return g_strdup("no vCPU is in 64-bit mode with paging "
			"(firmware, a boot loader, or not started)");
}

static void explain(const struct search *search, uint64_t unscanned, GError **error)
{
	g_autofree char *seen = what_was_seen(search);
	int code = search->error ? search->error->code : KERNEL_ERROR_NOT_FOUND;

	if (unscanned)
		g_set_error(error, KERNEL_ERROR, code,
			    "%s; %" G_GUINT64_FORMAT " MiB of memory were not searched for another",
			    seen, unscanned >> 20);
	else
		g_set_error(error, KERNEL_ERROR, code, "%s; there is none elsewhere in memory",
			    seen);
}

static struct kernel_map *find(struct snapshot *snapshot, const GArray *vcpus,
			       enum kernel_place place, GError **error)
{
	g_autoptr(GArray) refused = g_array_new(FALSE, FALSE, sizeof(struct mapped_place));
	struct search search = {
		.snapshot = snapshot,
		.vcpus = vcpus,
		.refused = refused,
		.steps_left = MAX_SEARCH_STEPS,
		.bytes_left = MAX_SEARCH_BYTES,
	};
	uint64_t unscanned;

	kernel_roots(snapshot, vcpus, place, try_root, &search, &unscanned);
	if (!search.map)
		explain(&search, unscanned, error);
	g_clear_error(&search.error);
	g_free(search.first_empty);
	return search.map;
}

struct kernel_map *kernel_find(struct snapshot *snapshot, const GArray *vcpus, GError **error)
{
	return find(snapshot, vcpus, KERNEL_ANYWHERE, error);
}

struct kernel_map *kernel_find_run(struct snapshot *snapshot, const GArray *vcpus, GError **error)
{
	return find(snapshot, vcpus, KERNEL_OF_VCPUS, error);
}
