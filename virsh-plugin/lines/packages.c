/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packages.h"

#include <glib.h>
#include <string.h>

struct distribution {
	const char *in_release; /* a part of uname -r, or NULL */
	const char *in_version; /* a part of uname -v, or NULL */
	const char *before;	/* the package's name before the release */
	const char *after;	/* and after it */
	const char *of;
};

static const struct distribution distributions[] = {
	{NULL, "Ubuntu", "linux-image-", "-dbgsym", "Ubuntu, from ddebs.ubuntu.com"},
	{NULL, "Debian", "linux-image-", "-dbg", "Debian"},
	{".fc", NULL, "kernel-debuginfo-", "", "Fedora: dnf debuginfo-install"},
	{".el", NULL, "kernel-debuginfo-", "", "RHEL, CentOS: dnf debuginfo-install"},
	{"-default", NULL, "kernel-default-debuginfo, of release ", "", "SUSE"},
};

static bool matches(const struct distribution *distribution, const char *release,
		    const char *version)
{
	if (distribution->in_release)
		return strstr(release, distribution->in_release) != NULL;
	return version && strstr(version, distribution->in_version);
}

char *package_advice(const char *release, const char *version, bool is_foreign)
{
	if (is_foreign)
		return g_strdup("give the folder of its build with --debug DIR; it is to be built "
				"with -g");
	for (size_t i = 0; release && i < G_N_ELEMENTS(distributions); i++) {
		const struct distribution *it = &distributions[i];

		if (matches(it, release, version))
			return g_strdup_printf("install %s%s%s (%s), or unpack it and give the "
					       "folder with --debug DIR",
					       it->before, release, it->after, it->of);
	}
	return g_strdup("give the folder of the kernel's build with --debug DIR");
}
