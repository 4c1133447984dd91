/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one run of virsh-oopsbt works on: virsh's own options, the connection to libvirt (opened
 * when a verb first needs it) and the dumps on this host.
 */
#ifndef OOPSBT_PLUGIN_SESSION_H
#define OOPSBT_PLUGIN_SESSION_H

#include <glib.h>
#include <stdbool.h>

#include "common/store.h"
#include "daemon/virt.h"
#include "journal_source.h"

struct session {
	char *uri; /* as given by option or environment; NULL: libvirt's default */
	bool readonly;
	bool quiet;
	bool timing;
	int exit_status;	  /* set by a verb that has succeeded */
	char *directory;	  /* of the dumps, as given; NULL: the daemon's */
	virConnectPtr connection; /* NULL until session_connect() */
	struct store *store;	  /* NULL until session_store() */
	/* The journals that the dumps are read from; NULL: they are read from the store. */
	struct journal_source *journal;
};

void session_clear(struct session *session);

/* Opens the connection if it is not open; it belongs to the session. */
virConnectPtr session_connect(struct session *session, GError **error);
/* The same, or an error if the connection is read-only. @purpose: "enabling a domain". */
virConnectPtr session_connect_to_write(struct session *session, const char *purpose,
				       GError **error);

/* Whether the connection leads to another host, whose dumps are not on this one's disk. */
bool session_is_remote(struct session *session);
/* Whether the connection is to an unprivileged libvirt of this user (qemu:///session). */
bool session_is_unprivileged(const struct session *session);

/* The dumps on this host; belongs to the session. The directory need not be there. */
struct store *session_store(struct session *session);

/* By id, UUID or name, as virsh does it. */
virDomainPtr session_find_domain(struct session *session, const char *reference, GError **error);

/* Turns this thread's last libvirt error into @error, with advice where there is some. False. */
bool session_fail(const struct session *session, GError **error, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

#endif
