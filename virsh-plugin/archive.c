/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tar format is POSIX ustar: each member has a header of 512 bytes with its size in octal (for
 * 8 GiB and more in GNU's base 256), its content is padded to blocks of 512 bytes, and two blocks
 * of zeros end the archive.
 */
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixoutputstream.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "new_file.h"

#define BLOCK 512
#define MAX_OCTAL_SIZE ((guint64)1 << 33)
/* The maximum number of members; their names and sizes are untrusted. */
#define MAX_MEMBERS 1000

struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char owner[32];
	char group[32];
	char device[16];
	char prefix[155];
	char unused[12];
};
G_STATIC_ASSERT(sizeof(struct header) == BLOCK);

/* --- writing --- */

static void set_size(struct header *header, guint64 size)
{
	if (size < MAX_OCTAL_SIZE) {
		g_snprintf(header->size, sizeof(header->size), "%011" G_GINT64_MODIFIER "o", size);
		return;
	}
	memset(header->size, 0, sizeof(header->size));
	header->size[0] = (char)0x80;
	for (int i = sizeof(header->size) - 1; size; i--, size >>= 8)
		header->size[i] = (char)(size & 0xff);
}

static unsigned int sum(const struct header *header)
{
	struct header copy = *header;
	const unsigned char *bytes = (const unsigned char *)&copy;
	unsigned int total = 0;

	memset(copy.checksum, ' ', sizeof(copy.checksum));
	for (size_t i = 0; i < BLOCK; i++)
		total += bytes[i];
	return total;
}

static bool set_header(struct header *header, const char *name, const char *file_name,
		       const struct stat *info, GError **error)
{
	memset(header, 0, sizeof(*header));
	if (g_snprintf(header->name, sizeof(header->name), "%s/%s", name, file_name) >=
	    (int)sizeof(header->name)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG,
			    "the name %s/%s is too long for an archive", name, file_name);
		return false;
	}
	strcpy(header->mode, "0000600");
	strcpy(header->uid, "0000000");
	strcpy(header->gid, "0000000");
	set_size(header, info->st_size);
	g_snprintf(header->mtime, sizeof(header->mtime), "%011" G_GINT64_MODIFIER "o",
		   (gint64)info->st_mtime);
	header->type = '0';
	memcpy(header->magic, "ustar", 6);
	memcpy(header->version, "00", 2);
	g_snprintf(header->checksum, sizeof(header->checksum), "%06o", sum(header));
	header->checksum[7] = ' ';
	return true;
}

struct writer {
	const char *name; /* the folder in the archive */
	const GPtrArray *members;
	struct progress *progress;
	guint64 done, all; /* bytes of the members */
};

static void show_progress(struct writer *writer, size_t count)
{
	writer->done += count;
	progress_bytes(writer->progress, writer->done, writer->all);
}

static bool write_contents(struct writer *writer, GOutputStream *out,
			   const struct archive_member *member, guint64 size, GError **error)
{
	g_autofree char *buffer = g_malloc0(1 << 16);
	guint64 left = size;
	size_t padding = (BLOCK - size % BLOCK) % BLOCK;

	while (left > 0) {
		ssize_t count = read(member->fd, buffer, MIN(left, (guint64)1 << 16));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot read %s: %s",
				    member->name,
				    count < 0 ? g_strerror(errno)
					      : "the file became shorter while it was read");
			return false;
		}
		if (!g_output_stream_write_all(out, buffer, count, NULL, NULL, error))
			return false;
		left -= count;
		show_progress(writer, count);
	}
	memset(buffer, 0, BLOCK);
	return g_output_stream_write_all(out, buffer, padding, NULL, NULL, error);
}

static bool write_member(struct writer *writer, GOutputStream *out,
			 const struct archive_member *member, GError **error)
{
	struct header header;
	struct stat info;

	if (fstat(member->fd, &info) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot read %s: %s",
			    member->name, g_strerror(errno));
		return false;
	}
	return set_header(&header, writer->name, member->name, &info, error) &&
	       g_output_stream_write_all(out, &header, sizeof(header), NULL, NULL, error) &&
	       write_contents(writer, out, member, info.st_size, error);
}

static bool write_members(struct writer *writer, GOutputStream *out, GError **error)
{
	static const char end[2 * BLOCK];

	for (guint i = 0; i < writer->members->len; i++) {
		if (!write_member(writer, out, writer->members->pdata[i], error))
			return false;
	}
	return g_output_stream_write_all(out, end, sizeof(end), NULL, NULL, error);
}

static bool write_to_fd(int fd, void *data, GError **error)
{
	g_autoptr(GOutputStream) raw = g_unix_output_stream_new(fd, FALSE);
	g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1);
	g_autoptr(GOutputStream) out = g_converter_output_stream_new(raw, G_CONVERTER(gzip));

	return write_members(data, out, error) && g_output_stream_close(out, NULL, error);
}

static guint64 count_bytes(const GPtrArray *members)
{
	guint64 bytes = 0;

	for (guint i = 0; i < members->len; i++) {
		const struct archive_member *member = members->pdata[i];
		struct stat info;

		bytes += fstat(member->fd, &info) == 0 ? (guint64)info.st_size : 0;
	}
	return bytes;
}

bool archive_write(const char *path, const char *name, const GPtrArray *members, bool replace,
		   struct progress *progress, GError **error)
{
	struct writer writer = {
		.name = name,
		.members = members,
		.progress = progress,
		.all = count_bytes(members),
	};

	return new_file_write(path, replace, write_to_fd, &writer, error);
}

/* --- members --- */

static void free_member(void *data)
{
	struct archive_member *member = data;

	close(member->fd);
	g_free(member->name);
	g_free(member);
}

GPtrArray *archive_members_new(void)
{
	return g_ptr_array_new_with_free_func(free_member);
}

void archive_members_add(GPtrArray *members, const char *name, int fd)
{
	struct archive_member *member = g_new0(struct archive_member, 1);

	member->name = g_strdup(name);
	member->fd = fd;
	g_ptr_array_add(members, member);
}

static bool add_file(GPtrArray *members, const char *directory, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot read %s: %s", path,
			    g_strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (S_ISREG(info.st_mode))
		archive_members_add(members, name, fd);
	else
		close(fd);
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *archive_members_of(const char *directory, const char *const *excluded, GError **error)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, error);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) members = archive_members_new();
	const char *name;

	if (!dir)
		return NULL;
	while ((name = g_dir_read_name(dir))) {
		/* A hidden file is still being written. */
		if (*name != '.' && !g_strv_contains(excluded, name))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		if (!add_file(members, directory, names->pdata[i], error))
			return NULL;
	}
	return g_steal_pointer(&members);
}

/* --- reading --- */

static bool damaged(GError **error, const char *path)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "%s is damaged, or not an archive of 'virsh oopsbt export'\n"
		    "a core or a full dump is for 'virsh oopsbt analyze'",
		    path);
	return false;
}

static bool read_exactly(GInputStream *in, void *buffer, size_t length)
{
	size_t got;

	return g_input_stream_read_all(in, buffer, length, &got, NULL, NULL) && got == length;
}

static bool skip(GInputStream *in, guint64 length)
{
	char buffer[1 << 14];

	while (length > 0) {
		size_t part = MIN(length, sizeof(buffer));

		if (!read_exactly(in, buffer, part))
			return false;
		length -= part;
	}
	return true;
}

static bool get_size(const struct header *header, guint64 *size)
{
	char text[sizeof(header->size) + 1] = "";

	*size = 0;
	if ((unsigned char)header->size[0] == 0x80) {
		for (size_t i = 4; i < sizeof(header->size); i++)
			*size = *size << 8 | (unsigned char)header->size[i];
		return *size < G_MAXINT64;
	}
	memcpy(text, header->size, sizeof(header->size));
	return g_ascii_string_to_unsigned(g_strstrip(text), 8, 0, G_MAXINT64, size, NULL);
}

static bool is_header(const struct header *header)
{
	char text[sizeof(header->checksum) + 1] = "";

	memcpy(text, header->checksum, sizeof(header->checksum));
	return memcmp(header->magic, "ustar", 5) == 0 &&
	       g_ascii_strtoull(text, NULL, 8) == sum(header);
}

static bool is_wanted(const struct header *header, const char *file_name)
{
	g_autofree char *name = g_strndup(header->name, sizeof(header->name));
	const char *slash = strrchr(name, '/');

	return (header->type == '0' || header->type == '\0') &&
	       strcmp(slash ? slash + 1 : name, file_name) == 0;
}

static char *find_member(GInputStream *in, const char *path, const char *file_name,
			 size_t max_bytes, size_t *length, GError **error)
{
	for (int i = 0; i < MAX_MEMBERS; i++) {
		g_autofree char *contents = NULL;
		struct header header;
		guint64 size;

		if (!read_exactly(in, &header, sizeof(header)) ||
		    (header.name[0] && (!is_header(&header) || !get_size(&header, &size)))) {
			damaged(error, path);
			return NULL;
		}
		if (!header.name[0])
			break;
		if (!is_wanted(&header, file_name)) {
			if (skip(in, (size + BLOCK - 1) / BLOCK * BLOCK))
				continue;
			damaged(error, path);
			return NULL;
		}
		contents = size <= max_bytes ? g_try_malloc(size + 1) : NULL;
		if (!contents || !read_exactly(in, contents, size)) {
			damaged(error, path);
			return NULL;
		}
		contents[size] = '\0';
		*length = size;
		return g_steal_pointer(&contents);
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no %s in %s", file_name,
		    path);
	return NULL;
}

char *archive_read(const char *path, const char *file_name, size_t max_bytes, size_t *length,
		   GError **error)
{
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autoptr(GFileInputStream) raw = g_file_read(file, NULL, error);
	g_autoptr(GZlibDecompressor) gzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
	g_autoptr(GInputStream) in = NULL;

	if (!raw)
		return NULL;
	in = g_converter_input_stream_new(G_INPUT_STREAM(raw), G_CONVERTER(gzip));
	return find_member(in, path, file_name, max_bytes, length, error);
}
