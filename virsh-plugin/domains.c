/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains.h"

#include <stdlib.h>
#include <string.h>

static void free_domain(void *domain)
{
	virDomainFree(domain);
}

static bool contains(GPtrArray *domains, virDomainPtr domain)
{
	for (guint i = 0; i < domains->len; i++) {
		if (strcmp(virDomainGetName(domains->pdata[i]), virDomainGetName(domain)) == 0)
			return true;
	}
	return false;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(virDomainGetName(*(const virDomainPtr *)a),
		      virDomainGetName(*(const virDomainPtr *)b));
}

static bool add_all(struct session *session, GPtrArray *domains, GError **error)
{
	virDomainPtr *list = NULL;
	int count = virConnectListAllDomains(session_connect(session, error), &list, 0);

	if (count < 0)
		return session_fail(session, error, "cannot list the domains");
	for (int i = 0; i < count; i++)
		g_ptr_array_add(domains, list[i]);
	free(list);
	g_ptr_array_sort(domains, compare_names);
	return true;
}

bool domains_check_operands(const struct cli_args *args, GError **error)
{
	bool all = cli_has(args, "all");

	if (all != (cli_num_operands(args) > 0))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
		    all ? "--all takes no domain names"
			: "name a domain, or give --all; 'virsh list --all' shows them");
	return false;
}

GPtrArray *domains_of_operands(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(free_domain);

	if (!domains_check_operands(args, error) || !session_connect(session, error) ||
	    (cli_has(args, "all") && !add_all(session, domains, error)))
		return NULL;
	for (char **name = cli_operands(args); *name; name++) {
		virDomainPtr domain = session_find_domain(session, *name, error);

		if (!domain)
			return NULL;
		if (contains(domains, domain))
			virDomainFree(domain);
		else
			g_ptr_array_add(domains, domain);
	}
	return g_steal_pointer(&domains);
}

bool domains_require_qemu(struct session *session, GError **error)
{
	const char *type = virConnectGetType(session->connection);

	if (!type)
		return session_fail(session, error, "cannot ask for the hypervisor's type");
	if (strcmp(type, "QEMU") == 0)
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "the guests of hypervisor %s cannot be read, only QEMU's\n"
		    "connect to QEMU: -c qemu:///system",
		    type);
	return false;
}
