/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that a verb operates on. */
#ifndef OOPSBT_PLUGIN_DOMAINS_H
#define OOPSBT_PLUGIN_DOMAINS_H

#include "cli.h"
#include "domain.h"

/*
 * The domains named as operands or, with --all, all domains: array of virDomainPtr, each once. An
 * unknown domain is an error, and so is an empty list.
 */
GPtrArray *domains_of_operands(struct session *session, const struct cli_args *args,
			       GError **error);

/* False with an error unless exactly one of operands and --all is given. Asks nobody. */
bool domains_check_operands(const struct cli_args *args, GError **error);

/* An error unless the connection's hypervisor is QEMU. */
bool domains_require_qemu(struct session *session, GError **error);

#endif
