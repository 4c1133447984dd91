/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one run of virsh-oopsbt: virsh's own options, the connection to libvirt (opened when
 * a verb needs it) and the dumps of this host.
 */
#ifndef OOPSBT_PLUGIN_SESSION_H
#define OOPSBT_PLUGIN_SESSION_H

#include <glib.h>
#include <stdbool.h>

#include "common/store.h"
#include "daemon/virt.h"
#include "journal_source.h"

struct session {
	char *uri; /* from option or environment; NULL: libvirt's default */
	bool readonly;
	bool quiet;
	bool timing;
	int exit_status; /* set by a verb that has succeeded */
	char *directory; /* the directory of the dumps (option); NULL: the daemon's directory */
	virConnectPtr connection; /* NULL until session_connect() */
	struct store *store;	  /* NULL until session_store() */
	/* The journals that list the dumps; NULL: the store lists them. */
	struct journal_source *journal;
};

void session_clear(struct session *session);

/* Opens the connection if needed; the session owns it. */
virConnectPtr session_connect(struct session *session, GError **error);
/* The same; a read-only connection is an error. @purpose: "enabling a domain". */
virConnectPtr session_connect_to_write(struct session *session, const char *purpose,
				       GError **error);

/* Is the connection to another host, whose dumps are not on this host's disk? */
bool session_is_remote(struct session *session);
/* Is the connection to this user's unprivileged libvirt (qemu:///session)? */
bool session_is_unprivileged(const struct session *session);

/* The store of this host; the session owns it. The directory may not exist. */
struct store *session_store(struct session *session);

/* Finds a domain by id, UUID or name, as virsh does. */
virDomainPtr session_find_domain(struct session *session, const char *reference, GError **error);

/* Sets @error to this thread's last libvirt error, with advice if there is any. Returns false. */
bool session_fail(const struct session *session, GError **error, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

#endif
