/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config.h"
#include "daemon_status.h"
#include "domains.h"
#include "output.h"
#include "progress.h"
#include "verbs.h"

/* The places in @flags (live, config) where the domain has oopsbt's element. */
static bool enabled_places(struct session *session, virDomainPtr domain, unsigned int flags,
			   unsigned int *places, GError **error)
{
	static const unsigned int each[] = {VIR_DOMAIN_AFFECT_LIVE, VIR_DOMAIN_AFFECT_CONFIG};

	*places = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(each); i++) {
		bool enabled;

		if (!(flags & each[i]))
			continue;
		if (!domain_has_options(session, domain, each[i], &enabled, error))
			return false;
		*places |= enabled ? each[i] : 0;
	}
	return true;
}

/* Would auto_enable enable the domain again, as far as is known here? */
static bool comes_back(struct session *session, virDomainPtr domain, const struct cli_args *args)
{
	g_autofree char *patterns = NULL;

	if (cli_has(args, "keep-off"))
		return true;
	if (session_is_remote(session))
		return false;
	patterns = daemon_auto_enable();
	return config_auto_enables(patterns, virDomainGetName(domain));
}

static bool keep_off(struct session *session, virDomainPtr domain, unsigned int flags,
		     GError **error)
{
	if (!domain_set_disabled(session, domain, flags, error))
		return false;
	if (!session->quiet)
		print_clean("Domain '%s' is disabled (%s), whatever auto_enable in oopsbtd.conf "
			    "says; its dumps stay\n",
			    virDomainGetName(domain), domain_affect_name(flags));
	return true;
}

static bool disable(struct session *session, virDomainPtr domain, const struct cli_args *args,
		    GError **error)
{
	unsigned int flags;
	unsigned int places;

	if (!domain_affect(session, domain, args, &flags, error))
		return false;
	if (comes_back(session, domain, args))
		return keep_off(session, domain, flags, error);
	if (!enabled_places(session, domain, flags, &places, error))
		return false;
	if (!places && cli_has(args, "all"))
		return true;
	if (!places) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' is not enabled (%s), so there is nothing to disable\n"
			    "'virsh oopsbt status' shows which domains are",
			    virDomainGetName(domain), domain_affect_name(flags));
		return false;
	}
	if (!domain_set_options(session, domain, places, NULL, error))
		return false;
	if (!session->quiet)
		print_clean("Domain '%s' is disabled (%s); its dumps stay\n",
			    virDomainGetName(domain), domain_affect_name(places));
	return true;
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GPtrArray) domains = NULL;
	g_autoptr(Progress) progress = NULL;

	if (!domains_check_operands(args, error) ||
	    !session_connect_to_write(session, "disabling a domain", error))
		return false;
	domains = domains_of_operands(session, args, error);
	if (!domains)
		return false;
	progress = progress_new_beside_output(session->quiet, "Disabling domains");
	for (guint i = 0; i < domains->len; i++) {
		progress_count(progress, i, domains->len);
		if (!disable(session, domains->pdata[i], args, error))
			return false;
	}
	return true;
}

static const struct cli_option options[] = {
	{"all", 'a', NULL, CLI_NONE, "all domains that are enabled"},
	{"keep-off", 0, NULL, CLI_NONE,
	 "write enabled='no' instead, so that auto_enable in the host's oopsbtd.conf does not "
	 "enable "
	 "it again; without this option disable does so where it can read that file"},
	{"live", 0, NULL, CLI_NONE, "affect the running domain"},
	{"config", 0, NULL, CLI_NONE, "affect the next start"},
	{"current", 0, NULL, CLI_NONE, "affect the running domain, or the next start if none runs"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_disable = {
	.name = "disable",
	.operands = "DOMAIN...",
	.operand_kind = CLI_DOMAIN,
	.max_operands = G_MAXUINT,
	.summary = "collect no more from these domains; their dumps stay",
	.description =
		"Takes the oopsbt options out of the domain's libvirt metadata. Where auto_enable "
		"in "
		"oopsbtd.conf would enable the domain again, it writes enabled='no' there. The "
		"dumps that are "
		"there "
		"stay, and so does a panic device that 'enable --add-panic-device' has added.",
	.options = options,
	.without_operands = "all",
	.run = run,
};
