/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that a verb is about. */
#ifndef OOPSBT_PLUGIN_DOMAINS_H
#define OOPSBT_PLUGIN_DOMAINS_H

#include "cli.h"
#include "domain.h"

/*
 * The domains named as operands or, with --all, all there are: array of virDomainPtr, each once.
 * One that cannot be found is an error, and so is naming none.
 */
GPtrArray *domains_of_operands(struct session *session, const struct cli_args *args,
			       GError **error);

/* False with an error if neither or both are given: before anybody is asked. */
bool domains_check_operands(const struct cli_args *args, GError **error);

/* An error unless the connection's hypervisor is QEMU. */
bool domains_require_qemu(struct session *session, GError **error);

#endif
