/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "daemon/layout_text.h"

#define MAX_PROC_FILE (1u << 20)
#define MAX_JSON_DEPTH 16

static void layout_clear(void *pointer)
{
	struct layout *layout = pointer;

	if (layout->memory_fd >= 0)
		close(layout->memory_fd);
	g_clear_pointer(&layout->extents, g_array_unref);
	g_free(layout->hypervisor);
	g_free(layout->fallback);
}

struct layout *layout_ref(struct layout *layout)
{
	return g_atomic_rc_box_acquire(layout);
}

void layout_unref(struct layout *layout)
{
	if (layout)
		g_atomic_rc_box_release_full(layout, layout_clear);
}

static bool refuse_layout(GError **error, const char *message)
{
	g_set_error_literal(error, VIRT_ERROR, VIR_ERR_INTERNAL_ERROR, message);
	return false;
}

/* --- the process --- */

/* The host thread id of a vCPU. @answer: of query-cpus-fast */
static bool read_thread_id(const char *answer, GPid *thread, GError **error)
{
	g_autoptr(JsonObject) root = NULL;
	JsonArray *vcpus;
	JsonNode *node;
	gint64 value;

	root = untrusted_json_parse(answer, strlen(answer), MAX_JSON_DEPTH, error);
	if (root == NULL)
		return false;
	node = json_object_get_member(root, "return");
	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return refuse_layout(error, "query-cpus-fast: no list of vCPUs in QEMU's answer");
	vcpus = json_node_get_array(node);
	if (json_array_get_length(vcpus) == 0)
		return refuse_layout(error, "query-cpus-fast: QEMU names no vCPU");
	node = json_array_get_element(vcpus, 0);
	if (!JSON_NODE_HOLDS_OBJECT(node))
		return refuse_layout(error, "query-cpus-fast: a vCPU is not an object");
	value = json_object_get_int_member_with_default(json_node_get_object(node), "thread-id", 0);
	if (value <= 1 || value > G_MAXINT)
		return refuse_layout(error, "query-cpus-fast: QEMU gives no thread id");
	*thread = (GPid)value;
	return true;
}

/* Reads a whole file in /proc/<pid>; NUL-terminated. */
static char *read_proc(int directory, const char *name, size_t *length, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	char buffer[4096];
	ssize_t got = -1;

	while (fd >= 0 && text->len < MAX_PROC_FILE) {
		got = read(fd, buffer, sizeof(buffer));
		if (got <= 0)
			break;
		g_string_append_len(text, buffer, got);
	}
	if (fd < 0 || got < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "reading /proc/.../%s: %s", name, g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	close(fd);
	*length = text->len;
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool read_thread_group(GPid thread, GPid *process, GError **error)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", thread);
	g_autofree char *status = NULL;
	const char *line;
	int pid;

	if (!g_file_get_contents(path, &status, NULL, error))
		return false;
	line = strstr(status, "\nTgid:");
	if (line == NULL || sscanf(line, "\nTgid: %d", &pid) != 1) {
		g_set_error(error, VIRT_ERROR, VIR_ERR_INTERNAL_ERROR, "no Tgid in %s", path);
		return false;
	}
	*process = pid;
	return true;
}

/* libvirt starts QEMU with `-uuid UUID`: a process without it has reused the pid. */
static bool verify_process(int directory, virDomainPtr domain, GError **error)
{
	char uuid[VIR_UUID_STRING_BUFLEN];
	g_autofree char *arguments = NULL;
	size_t length;
	bool expected = false;

	if (virDomainGetUUIDString(domain, uuid) < 0)
		return virt_fail(error, "asking for the domain's UUID");
	arguments = read_proc(directory, "cmdline", &length, error);
	if (arguments == NULL)
		return false;
	for (size_t at = 0; at < length; at += strlen(arguments + at) + 1) {
		if (expected && strcmp(arguments + at, uuid) == 0)
			return true;
		expected = strcmp(arguments + at, "-uuid") == 0;
	}
	return refuse_layout(error,
			     "the process that QEMU's thread ids lead to is not this domain's "
			     "(is libvirtd in another PID namespace?)");
}

/* Field 22; field 2, in parentheses, may contain anything. */
static bool read_start_time(int directory, uint64_t *start_time, GError **error)
{
	size_t length;
	g_autofree char *stat = read_proc(directory, "stat", &length, error);
	const char *at;

	if (stat == NULL)
		return false;
	at = strrchr(stat, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at == NULL || sscanf(at, " %" SCNu64, start_time) != 1)
		return refuse_layout(error, "no start time in /proc/.../stat");
	return true;
}

/* Uses one directory handle for all, so that a reused pid cannot interfere. */
static bool open_process(struct layout *layout, virDomainPtr domain, const char *vcpus,
			 GError **error)
{
	g_autofree char *path = NULL;
	GPid thread;
	int directory;
	bool result;

	if (!read_thread_id(vcpus, &thread, error) ||
	    !read_thread_group(thread, &layout->pid, error))
		return false;
	path = g_strdup_printf("/proc/%d", layout->pid);
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "opening %s: %s",
			    path, g_strerror(errno));
		return false;
	}
	result = verify_process(directory, domain, error) &&
		 read_start_time(directory, &layout->start_time, error);
	if (result) {
		layout->memory_fd = openat(directory, "mem", O_RDONLY | O_CLOEXEC);
		if (layout->memory_fd < 0) {
			g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
				    "opening %s/mem: %s", path, g_strerror(errno));
			result = false;
		}
	}
	close(directory);
	return result;
}

/* --- the memory --- */

static bool host_address(virDomainPtr domain, const struct ram_region *region, int timeout_ms,
			 uint64_t *address, GError **error)
{
	g_autofree char *command = g_strdup_printf("gpa2hva %#" PRIx64, region->start);
	g_autofree char *answer = virt_monitor(domain, command, true, timeout_ms, error);

	if (answer == NULL)
		return false;
	*address = layout_parse_gpa2hva(answer, region->name);
	if (*address == 0) {
		g_strstrip(answer);
		g_set_error(error, VIRT_ERROR, VIR_ERR_INTERNAL_ERROR,
			    "\"%s\": unexpected answer \"%s\"", command, answer);
		return false;
	}
	return true;
}

/* Appends @extent, or extends the last one if both addresses continue it. */
static void add_extent(GArray *extents, const struct guest_extent *extent)
{
	if (extents->len > 0) {
		struct guest_extent *last =
			&g_array_index(extents, struct guest_extent, extents->len - 1);

		if (last->start.value + last->length == extent->start.value &&
		    last->file_offset + last->length == extent->file_offset) {
			last->length += extent->length;
			return;
		}
	}
	g_array_append_val(extents, *extent);
}

static bool read_extents(struct layout *layout, virDomainPtr domain, int timeout_ms, GError **error)
{
	g_autofree char *mtree = virt_monitor(domain, "info mtree -f", true, timeout_ms, error);
	g_autofree char *ramblock = NULL;
	g_autoptr(GArray) regions = NULL;

	if (mtree == NULL)
		return false;
	ramblock = virt_monitor(domain, "info ramblock", true, timeout_ms, error);
	if (ramblock == NULL)
		return false;
	regions = layout_parse_mtree(mtree);
	if (regions == NULL)
		return refuse_layout(
			error,
			"\"info mtree -f\" shows no RAM: a QEMU that this version does not know?");
	layout->extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));
	for (guint i = 0; i < regions->len; i++) {
		const struct ram_region *region = &g_array_index(regions, struct ram_region, i);
		uint64_t used = layout_parse_ramblock(ramblock, region->name);
		struct guest_extent extent = {
			.start = gpa(region->start),
			.length = region->length,
			.file_offset = region->start,
		};

		if (region->offset >= used || used - region->offset < region->length)
			continue; /* not the machine's memory: a device's, or of another form */
		if (layout->memory_fd >= 0 &&
		    !host_address(domain, region, timeout_ms, &extent.file_offset, error))
			return false;
		add_extent(layout->extents, &extent);
	}
	if (layout->extents->len == 0)
		return refuse_layout(
			error, "\"info mtree -f\" and \"info ramblock\" do not agree on any RAM");
	return true;
}

static bool read_hypervisor(struct layout *layout, virDomainPtr domain, int timeout_ms,
			    GError **error)
{
	g_autofree char *answer =
		virt_monitor(domain, "{\"execute\":\"query-version\"}", false, timeout_ms, error);
	g_autoptr(JsonObject) root = NULL;
	g_autofree char *version = NULL;
	JsonObject *object;
	unsigned long libvirt;
	bool known;

	if (answer == NULL)
		return false;
	root = untrusted_json_parse(answer, strlen(answer), MAX_JSON_DEPTH, error);
	if (root == NULL)
		return false;
	object = root;
	for (const char *const *name = (const char *const[]){"return", "qemu", NULL}; *name;
	     name++) {
		JsonNode *node = json_object_get_member(object, *name);

		if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
			return refuse_layout(error, "query-version: no version in QEMU's answer");
		object = json_node_get_object(node);
	}
	known = virConnectGetLibVersion(virDomainGetConnect(domain), &libvirt) == 0;
	version = known ? g_strdup_printf("%lu.%lu.%lu", libvirt / 1000000, libvirt / 1000 % 1000,
					  libvirt % 1000)
			: g_strdup("of unknown version");
	layout->hypervisor = g_strdup_printf(
		"QEMU %d.%d.%d, libvirt %s",
		(int)json_object_get_int_member_with_default(object, "major", 0),
		(int)json_object_get_int_member_with_default(object, "minor", 0),
		(int)json_object_get_int_member_with_default(object, "micro", 0), version);
	return true;
}

/* The machine has this property since QEMU 6.0; it is empty for an ordinary guest. */
static bool read_encrypted(struct layout *layout, virDomainPtr domain, int timeout_ms,
			   GError **error)
{
	static const char command[] =
		"{\"execute\":\"qom-get\",\"arguments\":{\"path\":\"/machine\","
		"\"property\":\"confidential-guest-support\"}}";
	g_autofree char *answer = virt_monitor(domain, command, false, timeout_ms, error);
	g_autoptr(JsonObject) root = NULL;
	JsonNode *path;

	if (answer == NULL)
		return false;
	root = untrusted_json_parse(answer, strlen(answer), MAX_JSON_DEPTH, error);
	if (root == NULL)
		return false;
	path = json_object_get_member(root, "return");
	layout->encrypted = path && JSON_NODE_HOLDS_VALUE(path) &&
			    json_node_get_value_type(path) == G_TYPE_STRING &&
			    *json_node_get_string(path);
	return true;
}

struct layout *layout_read(virDomainPtr domain, enum memory_access access, int timeout_ms,
			   GError **error)
{
	g_autoptr(Layout) layout = g_atomic_rc_box_new0(struct layout);
	g_autofree char *vcpus = NULL;
	g_autoptr(GError) why = NULL;

	layout->memory_fd = -1;
	layout->domain_id = (int)virDomainGetID(domain);
	/* Without an answer nothing is known of the process: that is no reason for the fallback. */
	if (access != MEMORY_LIBVIRT) {
		vcpus = virt_monitor(domain, "{\"execute\":\"query-cpus-fast\"}", false, timeout_ms,
				     error);
		if (vcpus == NULL)
			return NULL;
	}
	if (vcpus && !open_process(layout, domain, vcpus, &why)) {
		if (access == MEMORY_PROC) {
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
		layout->pid = 0;
		layout->fallback = g_strdup(why->message);
	}
	if (!read_encrypted(layout, domain, timeout_ms, error) ||
	    !read_extents(layout, domain, timeout_ms, error) ||
	    !read_hypervisor(layout, domain, timeout_ms, error))
		return NULL;
	return g_steal_pointer(&layout);
}

/* --- use --- */

static const struct guest_extent *find_extent(const struct layout *layout, uint64_t address,
					      uint64_t length)
{
	for (guint i = 0; i < layout->extents->len; i++) {
		const struct guest_extent *extent =
			&g_array_index(layout->extents, struct guest_extent, i);

		if (address >= extent->start.value &&
		    address - extent->start.value < extent->length &&
		    length <= extent->length - (address - extent->start.value))
			return extent;
	}
	return NULL;
}

bool layout_covers(const struct layout *layout, uint64_t address, uint64_t length)
{
	return find_extent(layout, address, length) != NULL;
}

bool layout_find(const struct layout *layout, uint64_t address, uint64_t length,
		 uint64_t *host_address)
{
	const struct guest_extent *extent = find_extent(layout, address, length);

	if (layout->memory_fd < 0 || extent == NULL)
		return false;
	*host_address = extent->file_offset + (address - extent->start.value);
	return true;
}

bool layout_peek(const struct layout *layout, uint64_t address, void *buffer, size_t length)
{
	uint64_t host_address;

	return layout_find(layout, address, length, &host_address) &&
	       pread(layout->memory_fd, buffer, length, (off_t)host_address) == (ssize_t)length;
}
