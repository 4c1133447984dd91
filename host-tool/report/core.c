/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/core.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include <gio/gio.h>

#include "guest/notes.h"

/* Hostile page tables could need any number of segments. Pages beyond get a physical segment. */
#define MAX_VIRTUAL_SEGMENTS 32768
#define MAX_SEGMENTS (PN_XNUM - 2) /* plus the one of the notes */

/* --- selecting pages --- */

/* The pages of the file: as in the frozen snapshot, else as in the log's. */
static GArray *collect_pages(const struct snapshot *frozen, const struct snapshot *log)
{
	GArray *pages = g_array_new(FALSE, FALSE, sizeof(struct snapshot_page));
	size_t num_frozen, num_log = 0, f = 0, l = 0;
	g_autofree struct snapshot_page *frozen_pages = snapshot_pages(frozen, &num_frozen);
	g_autofree struct snapshot_page *log_pages = log ? snapshot_pages(log, &num_log) : NULL;

	while (f < num_frozen || l < num_log) {
		bool take_frozen = f < num_frozen &&
				   (l == num_log ||
				    frozen_pages[f].address.value <= log_pages[l].address.value);

		if (!take_frozen) {
			g_array_append_val(pages, log_pages[l]);
			l++;
			continue;
		}
		g_array_append_val(pages, frozen_pages[f]);
		if (l < num_log && frozen_pages[f].address.value == log_pages[l].address.value)
			l++;
		f++;
	}
	return pages;
}

static const struct snapshot_page *page_at(const GArray *pages, guint i)
{
	return &g_array_index(pages, struct snapshot_page, i);
}

/* The index of the first page at or after @address. */
static guint first_page(const GArray *pages, uint64_t address)
{
	guint low = 0, high = pages->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (page_at(pages, middle)->address.value < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- addresses of pages --- */

struct mapping_search {
	const struct snapshot *frozen, *log;
	GArray *pages;
	GArray *mappings;
};

static const uint8_t *held_table(void *user_data, gpa_t address)
{
	const struct mapping_search *search = user_data;
	const uint8_t *table = snapshot_held(search->frozen, address, NULL);

	return table || !search->log ? table : snapshot_held(search->log, address, NULL);
}

/* Joins adjacent mappings. */
static void add_mapping(GArray *mappings, uint64_t virtual_address, uint64_t physical_address)
{
	struct core_mapping mapping = {gva(virtual_address), gpa(physical_address),
				       GUEST_PAGE_SIZE};

	if (mappings->len > 0) {
		struct core_mapping *last =
			&g_array_index(mappings, struct core_mapping, mappings->len - 1);

		if (last->virtual_address.value + last->length == virtual_address &&
		    last->physical_address.value + last->length == physical_address) {
			last->length += GUEST_PAGE_SIZE;
			return;
		}
	}
	g_array_append_val(mappings, mapping);
}

static bool map_held_pages(void *user_data, gva_t start, gpa_t physical, uint64_t length)
{
	struct mapping_search *search = user_data;

	for (guint i = first_page(search->pages, physical.value); i < search->pages->len; i++) {
		uint64_t offset = page_at(search->pages, i)->address.value - physical.value;

		if (offset >= length)
			break;
		if (search->mappings->len >= MAX_VIRTUAL_SEGMENTS)
			return false;
		add_mapping(search->mappings, start.value + offset, physical.value + offset);
	}
	return true;
}

GArray *core_find_mappings(const struct address_space *space, const struct snapshot *frozen,
			   const struct snapshot *log)
{
	g_autoptr(GArray) pages = collect_pages(frozen, log);
	struct mapping_search search = {
		.frozen = frozen,
		.log = log,
		.pages = pages,
		.mappings = g_array_new(FALSE, FALSE, sizeof(struct core_mapping)),
	};
	const struct page_table_visitor visitor = {held_table, map_held_pages, &search};

	page_tables_walk(space->root, space->levels, gva(0), gva(UINT64_MAX), &visitor);
	return search.mappings;
}

static void add_segment(GArray *segments, uint64_t virtual_address, const GArray *pages, guint i)
{
	uint64_t physical_address = page_at(pages, i)->address.value;
	uint64_t offset = (uint64_t)i * GUEST_PAGE_SIZE; /* relative to the first page for now */
	Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W | PF_X,
		.p_offset = offset,
		.p_vaddr = virtual_address,
		.p_paddr = physical_address,
		.p_filesz = GUEST_PAGE_SIZE,
		.p_memsz = GUEST_PAGE_SIZE,
		.p_align = GUEST_PAGE_SIZE,
	};

	if (segments->len > 0) {
		Elf64_Phdr *last = &g_array_index(segments, Elf64_Phdr, segments->len - 1);

		if (last->p_vaddr + last->p_memsz == virtual_address &&
		    last->p_paddr + last->p_memsz == physical_address &&
		    last->p_offset + last->p_filesz == offset) {
			last->p_filesz += GUEST_PAGE_SIZE;
			last->p_memsz += GUEST_PAGE_SIZE;
			return;
		}
	}
	g_array_append_val(segments, segment);
}

static void add_virtual_segments(GArray *segments, const struct core_mapping *mapping,
				 const GArray *pages, bool *placed)
{
	for (guint i = first_page(pages, mapping->physical_address.value);
	     i < pages->len && segments->len < MAX_VIRTUAL_SEGMENTS; i++) {
		uint64_t offset =
			page_at(pages, i)->address.value - mapping->physical_address.value;

		if (offset >= mapping->length)
			break;
		add_segment(segments, mapping->virtual_address.value + offset, pages, i);
		placed[i] = true;
	}
}

static int compare_segments(const void *a, const void *b)
{
	const Elf64_Phdr *left = a, *right = b;

	return (left->p_vaddr > right->p_vaddr) - (left->p_vaddr < right->p_vaddr);
}

/* Sorted by virtual address, as ELF requires. */
static GArray *lay_segments(const GArray *pages, const GArray *mappings)
{
	GArray *segments = g_array_new(FALSE, FALSE, sizeof(Elf64_Phdr));
	g_autofree bool *placed = g_new0(bool, pages->len + 1);

	for (guint i = 0; mappings && i < mappings->len; i++)
		add_virtual_segments(segments, &g_array_index(mappings, struct core_mapping, i),
				     pages, placed);
	for (guint i = 0; i < pages->len; i++)
		if (!placed[i])
			add_segment(segments, CORE_PHYSICAL_BASE | page_at(pages, i)->address.value,
				    pages, i);
	g_array_sort(segments, compare_segments);
	return segments;
}

/* --- notes --- */

static void append_registers(GByteArray *notes, const struct report *report)
{
	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);
		struct prstatus_note prstatus = registers_to_prstatus(&vcpu->registers);

		if (vcpu->have_registers)
			append_note(notes, NOTE_CORE, NOTE_CORE_PRSTATUS, &prstatus,
				    sizeof(prstatus));
	}
	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);
		struct qemu_cpu_note qemu = registers_to_qemu(&vcpu->registers);

		if (vcpu->have_registers)
			append_note(notes, NOTE_QEMU, NOTE_QEMU_CPU, &qemu, sizeof(qemu));
	}
}

static void append_bytes_note(GByteArray *notes, const char *owner, uint32_t type, GBytes *bytes)
{
	gsize length;
	const void *data;

	if (bytes == NULL)
		return;
	data = g_bytes_get_data(bytes, &length);
	append_note(notes, owner, type, data, length);
}

static void append_text_note(GByteArray *notes, enum oopsbt_note type, const char *text)
{
	if (text)
		append_note(notes, NOTE_OOPSBT, type, text, strlen(text));
}

static void append_late_pages(GByteArray *notes, const struct snapshot *frozen)
{
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(uint64_t[2]));
	size_t num_pages;
	g_autofree struct snapshot_page *pages = snapshot_pages(frozen, &num_pages);

	for (size_t i = 0; i < num_pages; i++) {
		uint64_t run[2] = {pages[i].address.value, GUEST_PAGE_SIZE};
		uint64_t *last = runs->len ? (uint64_t *)runs->data + 2 * (runs->len - 1) : NULL;

		if (!pages[i].late)
			continue;
		if (last && last[0] + last[1] == run[0])
			last[1] += GUEST_PAGE_SIZE;
		else
			g_array_append_val(runs, run);
	}
	append_note(notes, NOTE_OOPSBT, NOTE_OOPSBT_LATE_PAGES, runs->data, 16 * runs->len);
}

/* Adds the log's pages that differ from the frozen snapshot. */
static void append_log_pages(GByteArray *notes, const struct snapshot *frozen,
			     const struct snapshot *log)
{
	g_autoptr(GByteArray) changed = g_byte_array_new();
	size_t num_pages;
	g_autofree struct snapshot_page *pages = snapshot_pages(log, &num_pages);

	for (size_t i = 0; i < num_pages; i++) {
		const uint8_t *before = snapshot_held(frozen, pages[i].address, NULL);

		if (before == NULL || memcmp(before, pages[i].bytes, GUEST_PAGE_SIZE) == 0)
			continue;
		g_byte_array_append(changed, (const guint8 *)&pages[i].address.value, 8);
		g_byte_array_append(changed, pages[i].bytes, GUEST_PAGE_SIZE);
	}
	append_note(notes, NOTE_OOPSBT, NOTE_OOPSBT_LOG_PAGES, changed->data, changed->len);
}

static GByteArray *make_notes(const struct core_writer_input *input)
{
	GByteArray *notes = g_byte_array_new();

	append_registers(notes, input->report);
	append_bytes_note(notes, NOTE_VMCOREINFO, 0, input->vmcoreinfo);
	append_text_note(notes, NOTE_OOPSBT_CONTEXT, input->context_json);
	append_bytes_note(notes, NOTE_OOPSBT, NOTE_OOPSBT_MAP, input->map);
	append_text_note(notes, NOTE_OOPSBT_REGISTERS, input->registers_text);
	append_late_pages(notes, input->frozen);
	if (input->log)
		append_log_pages(notes, input->frozen, input->log);
	return notes;
}

/* --- the file --- */

static bool write_vector(int fd, struct iovec *iov, int num, GError **error)
{
	while (num > 0) {
		ssize_t done = writev(fd, iov, num);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
				    "cannot write core: %s", g_strerror(errno));
			return false;
		}
		while (num > 0 && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			num--;
		}
		if (num > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return true;
}

/* Writes adjacent pages of a snapshot as one piece. */
static bool write_pages(int fd, const GArray *pages, GError **error)
{
	struct iovec iov[IOV_MAX];
	int num = 0;

	for (guint i = 0; i < pages->len; i++) {
		const uint8_t *bytes = page_at(pages, i)->bytes;

		if (num > 0 &&
		    (const uint8_t *)iov[num - 1].iov_base + iov[num - 1].iov_len == bytes) {
			iov[num - 1].iov_len += GUEST_PAGE_SIZE;
			continue;
		}
		if (num == IOV_MAX) {
			if (!write_vector(fd, iov, num, error))
				return false;
			num = 0;
		}
		iov[num++] = (struct iovec){(void *)bytes, GUEST_PAGE_SIZE};
	}
	return write_vector(fd, iov, num, error);
}

static bool write_file(int fd, GArray *segments, const GByteArray *notes, const GArray *pages,
		       GError **error)
{
	static const uint8_t zeros[GUEST_PAGE_SIZE] = {0};
	size_t headers_length = sizeof(Elf64_Ehdr) + (segments->len + 1) * sizeof(Elf64_Phdr);
	size_t padding = -(headers_length + notes->len) & (GUEST_PAGE_SIZE - 1);
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
			    ELFOSABI_NONE},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(segments->len + 1),
	};
	Elf64_Phdr note_segment = {
		.p_type = PT_NOTE,
		.p_offset = headers_length,
		.p_filesz = notes->len,
		.p_align = 4,
	};
	struct iovec head[] = {
		{&header, sizeof(header)},
		{&note_segment, sizeof(note_segment)},
		{segments->data, segments->len * sizeof(Elf64_Phdr)},
		{notes->data, notes->len},
		{(void *)zeros, padding},
	};

	for (guint i = 0; i < segments->len; i++)
		g_array_index(segments, Elf64_Phdr, i).p_offset +=
			headers_length + notes->len + padding;
	return write_vector(fd, head, G_N_ELEMENTS(head), error) && write_pages(fd, pages, error);
}

bool core_write(int fd, const struct core_writer_input *input, GError **error)
{
	g_autoptr(GArray) pages = collect_pages(input->frozen, input->log);
	g_autoptr(GArray) segments = lay_segments(pages, input->mappings);
	g_autoptr(GByteArray) notes = make_notes(input);

	if (segments->len > MAX_SEGMENTS) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
			    "cannot write core: the %u pages read are in more pieces than an ELF "
			    "file can have",
			    pages->len);
		return false;
	}
	return write_file(fd, segments, notes, pages, error);
}
