/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug_finder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_id.h"
#include "debug_server.h"
#include "symbols.h"

#define MAX_ENTRIES 500000 /* in one folder and its subfolders */
#define MAX_DEPTH 24

struct debug_finder {
	GPtrArray *folders;	     /* containing .build-id/ or usr/lib/debug/.build-id/ */
	GPtrArray *files;	     /* named like kernels and modules */
	GPtrArray *given;	     /* named by the user: of any kernel or module */
	struct debug_server *server; /* or NULL */
};

/* --- existing files --- */

/*
 * "virtio_net" of "virtio-net.ko.xz", "vmlinux" of "vmlinux-6.1.0"; NULL: another name. g_free().
 */
static char *name_of_file(const char *file)
{
	const char *end = strstr(file, ".ko");
	char *name;

	if (g_str_has_prefix(file, "vmlinux") && (file[7] == '\0' || strchr(".-", file[7])))
		return g_strdup("vmlinux");
	if (!end || (end[3] != '\0' && end[3] != '.'))
		return NULL;
	name = g_strndup(file, (gsize)(end - file));
	return g_strdelimit(name, "-", '_');
}

static void add_file(GPtrArray *files, const char *path)
{
	g_ptr_array_add(files, g_strdup(path));
}

/* Does not follow symbolic links to folders: their targets are found anyway, or are loops. */
static void walk(GPtrArray *files, const char *folder, guint depth, guint *entries)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) && ++*entries < MAX_ENTRIES) {
		g_autofree char *path = g_build_filename(folder, entry->d_name, NULL);
		g_autofree char *name = NULL;
		struct stat info;

		if (entry->d_name[0] == '.' || lstat(path, &info) < 0)
			continue;
		if (S_ISDIR(info.st_mode) && depth < MAX_DEPTH)
			walk(files, path, depth + 1, entries);
		if (S_ISLNK(info.st_mode) && stat(path, &info) < 0)
			continue;
		name = S_ISREG(info.st_mode) ? name_of_file(entry->d_name) : NULL;
		if (name)
			add_file(files, path);
	}
	closedir(dir);
}

static void add_given(struct debug_finder *finder, const char *folder)
{
	guint entries = 0;

	if (g_file_test(folder, G_FILE_TEST_IS_REGULAR)) {
		add_file(finder->given, folder);
		return;
	}
	g_ptr_array_add(finder->folders, g_strdup(folder));
	walk(finder->files, folder, 0, &entries);
}

/* The release becomes a part of a path. */
static bool is_plain_release(const char *release)
{
	return release && *release && release[0] != '.' && !strchr(release, '/') &&
	       strlen(release) < 128;
}

/* The folders of Debian, Fedora, Ubuntu and the kernel's own "make install". */
static void add_installed(struct debug_finder *finder, const char *release)
{
	static const char *const files[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/lib/modules/%s/build/vmlinux",
	};
	static const char *const folders[] = {
		"/usr/lib/debug/lib/modules/%s",
		"/usr/lib/debug/usr/lib/modules/%s",
		"/lib/modules/%s",
	};

	g_ptr_array_add(finder->folders, g_strdup("/usr/lib/debug"));
	for (size_t i = 0; is_plain_release(release) && i < G_N_ELEMENTS(files); i++) {
		g_auto(GStrv) parts = g_strsplit(files[i], "%s", 2);
		g_autofree char *path = g_strjoinv(release, parts);

		add_file(finder->files, path);
	}
	for (size_t i = 0; is_plain_release(release) && i < G_N_ELEMENTS(folders); i++) {
		g_auto(GStrv) parts = g_strsplit(folders[i], "%s", 2);
		g_autofree char *path = g_strjoinv(release, parts);
		guint entries = 0;

		walk(finder->files, path, 0, &entries);
	}
}

struct debug_finder *debug_finder_new(const char *const *folders, const char *release,
				      bool progress)
{
	struct debug_finder *finder = g_new0(struct debug_finder, 1);

	finder->folders = g_ptr_array_new_with_free_func(g_free);
	finder->files = g_ptr_array_new_with_free_func(g_free);
	finder->given = g_ptr_array_new_with_free_func(g_free);
	for (; folders && *folders; folders++)
		add_given(finder, *folders);
	add_installed(finder, release);
	finder->server = debug_server_new(progress);
	return finder;
}

void debug_finder_free(struct debug_finder *finder)
{
	if (!finder)
		return;
	g_ptr_array_unref(finder->folders);
	g_ptr_array_unref(finder->files);
	g_ptr_array_unref(finder->given);
	debug_server_free(finder->server);
	g_free(finder);
}

bool debug_finder_has_server(const struct debug_finder *finder)
{
	return finder->server != NULL;
}

/* --- the wanted file --- */

/* Refuses a FIFO or a device of that name, which could block. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;

	if (fd >= 0 && (fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Why a file with a matching name is rejected, or NULL. g_free(). */
static char *find_fault(int fd, const char *path, const char *build_id)
{
	g_auto(ElfFacts) facts = {0};

	if (!elf_facts_read(&facts, fd))
		return g_strdup_printf("%s is not an ELF file", path);
	if (!facts.build_id)
		return g_strdup_printf("%s has no build ID", path);
	if (strcmp(facts.build_id, build_id) != 0)
		return g_strdup_printf("%s has another build ID, %s", path, facts.build_id);
	if (!facts.has_dwarf)
		return g_strdup_printf("%s has no debug information in it", path);
	return NULL;
}

/*
 * The descriptor of @path if it has that build ID and DWARF; else -1, and sets *@instead to the
 * first reason.
 */
static int try_file(const char *path, const char *build_id, char **instead)
{
	int fd = open_file(path);
	g_autofree char *fault = fd >= 0 ? find_fault(fd, path, build_id) : NULL;

	if (!fault)
		return fd;
	close(fd);
	if (!*instead)
		*instead = g_steal_pointer(&fault);
	return -1;
}

/* The reason why such a file is rejected is one for the kernel alone: modules have files of their
 * own. */
static int find_given(struct debug_finder *finder, const char *build_id, const char *module,
		      char **path, char **instead)
{
	g_autofree char *of_module = NULL;

	for (guint i = 0; i < finder->given->len; i++) {
		const char *file = finder->given->pdata[i];
		int fd = try_file(file, build_id, module ? &of_module : instead);

		if (fd < 0)
			continue;
		*path = g_strdup(file);
		return fd;
	}
	return -1;
}

static int find_by_build_id(struct debug_finder *finder, const char *build_id, char **path,
			    char **instead)
{
	static const char *const places[] = {"", "usr/lib/debug"};

	for (guint i = 0; i < finder->folders->len; i++) {
		for (size_t j = 0; j < G_N_ELEMENTS(places); j++) {
			g_autofree char *name =
				g_strdup_printf("%s/%s/.build-id/%.2s/%s.debug",
						(const char *)finder->folders->pdata[i], places[j],
						build_id, build_id + 2);
			int fd = try_file(name, build_id, instead);

			if (fd < 0)
				continue;
			*path = g_steal_pointer(&name);
			return fd;
		}
	}
	return -1;
}

static int find_by_name(struct debug_finder *finder, const char *build_id, const char *module,
			char **path, char **instead)
{
	g_autofree char *wanted = g_strdelimit(g_strdup(module ? module : "vmlinux"), "-", '_');

	for (guint i = 0; i < finder->files->len; i++) {
		const char *file = finder->files->pdata[i];
		g_autofree char *base = g_path_get_basename(file);
		g_autofree char *name = name_of_file(base);
		int fd = -1;

		if (name && strcmp(name, wanted) == 0)
			fd = try_file(file, build_id, instead);
		if (fd < 0)
			continue;
		*path = g_strdup(file);
		return fd;
	}
	return -1;
}

static int find_on_server(struct debug_finder *finder, const char *build_id, const char *module,
			  char **path, char **instead)
{
	const char *what = !module ? "vmlinux" : *module ? module : "several modules";
	g_autofree char *file = NULL;
	g_autoptr(GError) local = NULL;
	int fd;

	if (!finder->server)
		return -1;
	fd = debug_server_find(finder->server, build_id, what, &file, &local);
	if (fd < 0) {
		if (!*instead)
			*instead = g_strdup(local->message);
		return -1;
	}
	close(fd);
	fd = try_file(file, build_id, instead);
	if (fd >= 0)
		*path = g_steal_pointer(&file);
	return fd;
}

int debug_finder_find(struct debug_finder *finder, const char *build_id, const char *module,
		      char **path, GError **error)
{
	g_autofree char *instead = NULL;
	int fd = find_given(finder, build_id, module, path, &instead);

	if (fd < 0)
		fd = find_by_build_id(finder, build_id, path, &instead);
	if (fd < 0 && (!module || *module))
		fd = find_by_name(finder, build_id, module, path, &instead);
	if (fd < 0)
		fd = find_on_server(finder, build_id, module, path, &instead);
	if (fd < 0)
		g_set_error(error, LINES_ERROR, LINES_ERROR_FILE, "%s",
			    instead ? instead : "it is not on this machine");
	return fd;
}
