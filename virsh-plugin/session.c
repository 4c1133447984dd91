/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "daemon_status.h"

void session_clear(struct session *session)
{
	g_clear_pointer(&session->connection, virConnectClose);
	g_clear_pointer(&session->store, store_free);
	g_clear_pointer(&session->journal, journal_source_free);
	g_free(session->uri);
	g_free(session->directory);
}

/* --- errors --- */

static const char *uri_of(const struct session *session)
{
	return session->uri && *session->uri ? session->uri : "libvirt's default connection";
}

static const char *advice(int code, const char *message)
{
	switch (code) {
	case VIR_ERR_NO_DOMAIN:
		return "'virsh list --all' shows the domains there are";
	case VIR_ERR_OPERATION_DENIED:
		return "the connection is read-only: leave out -r";
	case VIR_ERR_AUTH_FAILED:
	case VIR_ERR_AUTH_CANCELLED:
	case VIR_ERR_AUTH_UNAVAILABLE:
	case VIR_ERR_ACCESS_DENIED:
		return "this user may not do that: try as root or as a member of the group libvirt";
	case VIR_ERR_SYSTEM_ERROR:
		if (strstr(message, "Permission denied"))
			return "this user may not connect: try as root or as a member of the "
			       "group libvirt";
		if (strstr(message, "No such file") || strstr(message, "refused"))
			return "libvirt does not answer: 'systemctl status libvirtd virtqemud' "
			       "shows which of them this host has; start its socket, or "
			       "'libvirtd -d' where there is no systemd";
		return NULL;
	default:
		return NULL;
	}
}

bool session_fail(const struct session *session G_GNUC_UNUSED, GError **error, const char *format,
		  ...)
{
	virErrorPtr last = virGetLastError();
	const char *message = last && last->message ? last->message : "unknown error";
	const char *hint = last ? advice(last->code, message) : NULL;
	g_autofree char *what = NULL;
	va_list arguments;

	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "%s: %s%s%s", what, message,
		    hint ? "\n" : "", hint ? hint : "");
	return false;
}

/* --- connection --- */

static void ignore_error(void *data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

virConnectPtr session_connect(struct session *session, GError **error)
{
	const char *uri = session->uri && *session->uri ? session->uri : NULL;

	if (session->connection)
		return session->connection;
	virSetErrorFunc(NULL, ignore_error);
	session->connection = virConnectOpenAuth(uri, virConnectAuthPtrDefault,
						 session->readonly ? VIR_CONNECT_RO : 0);
	if (!session->connection)
		session_fail(session, error, "cannot connect to %s", uri_of(session));
	return session->connection;
}

virConnectPtr session_connect_to_write(struct session *session, const char *purpose, GError **error)
{
	if (session->readonly) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "%s needs a connection that may write, and this one is read-only\n"
			    "leave out -r (--readonly)",
			    purpose);
		return NULL;
	}
	return session_connect(session, error);
}

/* Only libvirt knows an alias of libvirt.conf ("home"), and only once connected. */
static char *full_uri(struct session *session)
{
	const char *uri = session->uri && *session->uri ? session->uri : NULL;

	if (uri && !strstr(uri, "://") && session_connect(session, NULL))
		return virConnectGetURI(session->connection);
	return g_strdup(uri);
}

bool session_is_remote(struct session *session)
{
	g_autofree char *uri = full_uri(session);
	g_autoptr(GUri) parsed = uri ? g_uri_parse(uri, G_URI_FLAGS_PARSE_RELAXED, NULL) : NULL;
	const char *host = parsed ? g_uri_get_host(parsed) : NULL;

	return host && *host;
}

bool session_is_unprivileged(const struct session *session)
{
	g_autoptr(GUri) uri = NULL;

	if (!session->uri || !*session->uri)
		return geteuid() != 0;
	uri = g_uri_parse(session->uri, G_URI_FLAGS_PARSE_RELAXED, NULL);
	return uri && strcmp(g_uri_get_path(uri), "/session") == 0;
}

/* --- dumps --- */

struct store *session_store(struct session *session)
{
	g_autofree char *directory = NULL;

	if (session->store)
		return session->store;
	if (session->directory)
		directory = g_strdup(session->directory);
	else if (session_is_unprivileged(session))
		directory = g_build_filename(g_get_user_state_dir(), "oopsbt", NULL);
	else
		directory = daemon_dump_directory();
	session->store = store_new(directory);
	return session->store;
}

/* --- domains --- */

virDomainPtr session_find_domain(struct session *session, const char *reference, GError **error)
{
	virConnectPtr connection = session_connect(session, error);
	virDomainPtr domain = NULL;
	guint64 id;

	if (!connection)
		return NULL;
	if (g_ascii_string_to_unsigned(reference, 10, 0, G_MAXINT, &id, NULL))
		domain = virDomainLookupByID(connection, id);
	if (!domain && g_uuid_string_is_valid(reference))
		domain = virDomainLookupByUUIDString(connection, reference);
	if (!domain)
		domain = virDomainLookupByName(connection, reference);
	if (!domain)
		session_fail(session, error, "cannot find the domain '%s'", reference);
	return domain;
}
