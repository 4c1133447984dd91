/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/oops_pause.h"

#include <string.h>

#include "daemon/qmp.h"

static bool is_done(JsonObject *answer)
{
	return json_object_has_member(answer, "return");
}

/* True if QEMU pauses for the oopses of this device; @type is from qom-list. */
static bool is_device(const char *type)
{
	static const char *const devices[] = {"child<pvpanic>", "child<pvpanic-pci>",
					      "child<pvpanic-mmio>", NULL};

	return type && g_strv_contains(devices, type);
}

static bool set_property(virDomainPtr domain, const char *folder, const char *device,
			 const char *property, const char *value, GError **error)
{
	g_autofree char *command =
		g_strdup_printf("{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"%s/%s\", "
				"\"property\": \"%s\", \"value\": %s}}",
				folder, device, property, value);
	g_autoptr(JsonObject) answer = NULL;

	if (!qmp_ask(domain, command, &answer, error))
		return false;
	if (is_done(answer))
		return true;
	g_set_error(error, VIRT_ERROR, VIR_ERR_OPERATION_FAILED, "QEMU refuses to set %s of %s",
		    property, device);
	return false;
}

/*
 * False: the device's name has characters that must not go into a command unescaped. Users choose
 * it.
 */
static bool is_plain(const char *name)
{
	return name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.[]") == strlen(name);
}

/*
 * Sets how long the devices in @folder of QEMU's object tree pause, and that they send registers.
 */
static bool prepare_devices(virDomainPtr domain, const char *folder, unsigned int limit_ms,
			    GError **error)
{
	g_autofree char *command = g_strdup_printf(
		"{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"%s\"}}", folder);
	g_autofree char *limit = g_strdup_printf("%u", MIN(limit_ms, OOPS_PAUSE_MAX_MS));
	g_autoptr(JsonObject) answer = NULL;
	JsonArray *entries;

	if (!qmp_ask(domain, command, &answer, error))
		return false;
	entries = qmp_list(answer);
	if (entries == NULL)
		return true; /* this folder has no devices */
	for (guint i = 0; i < json_array_get_length(entries); i++) {
		JsonNode *entry = json_array_get_element(entries, i);
		const char *name = qmp_text(entry, "name");

		if (!is_device(qmp_text(entry, "type")) || !is_plain(name))
			continue;
		if (!set_property(domain, folder, name, "oops-timeout", limit, error) ||
		    !set_property(domain, folder, name, "oops-registers", "true", error))
			return false;
	}
	return true;
}

static bool set_action(virDomainPtr domain, const char *action, bool *known, GError **error)
{
	g_autofree char *command = g_strdup_printf(
		"{\"execute\": \"set-action\", \"arguments\": {\"oops\": \"%s\"}}", action);
	g_autoptr(JsonObject) answer = NULL;

	if (!qmp_ask(domain, command, &answer, error))
		return false;
	*known = is_done(answer);
	return true;
}

bool oops_pause_set(virDomainPtr domain, unsigned int limit_ms, bool *known, GError **error)
{
	if (limit_ms == 0)
		return set_action(domain, "none", known, error);
	if (!oops_pause_known(domain, known, error))
		return false;
	if (!*known)
		return true;
	/*
	 * The devices come before the action: an oops in between must not pause for QEMU's own
	 * limit. Devices have an id, which users and newer libvirt assign, or none.
	 */
	return prepare_devices(domain, "/machine/peripheral", limit_ms, error) &&
	       prepare_devices(domain, "/machine/peripheral-anon", limit_ms, error) &&
	       set_action(domain, "pause", known, error);
}

bool oops_pause_end(virDomainPtr domain, bool *ended, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;

	if (!qmp_ask(domain, "{\"execute\": \"oops-resume\"}", &answer, error))
		return false;
	*ended = is_done(answer);
	return true;
}

bool oops_pause_known(virDomainPtr domain, bool *known, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	JsonArray *commands;

	if (!qmp_ask(domain, "{\"execute\": \"query-commands\"}", &answer, error))
		return false;
	*known = false;
	commands = qmp_list(answer);
	for (guint i = 0; commands && i < json_array_get_length(commands); i++) {
		if (!g_strcmp0(qmp_text(json_array_get_element(commands, i), "name"),
			       "oops-resume"))
			*known = true;
	}
	return true;
}
