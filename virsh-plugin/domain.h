/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libvirt domain as oopsbt sees it: its options in the metadata, and the parts of its definition
 * that decide how an oops can be noticed.
 */
#ifndef OOPSBT_PLUGIN_DOMAIN_H
#define OOPSBT_PLUGIN_DOMAIN_H

#include "common/options.h"
#include "session.h"

enum panic_device {
	PANIC_DEVICE_NONE,
	PANIC_DEVICE_ISA,  /* <panic model='isa'/>: pvpanic on the ISA bus */
	PANIC_DEVICE_PCI,  /* <panic model='pvpanic'/>, since libvirt 9.1 */
	PANIC_DEVICE_QEMU, /* a pvpanic with the oops event that <qemu:commandline> gives to QEMU */
};
const char *panic_device_name(enum panic_device device); /* "pvpanic (isa)"; "none" */

/* The parts of a definition that oopsbt needs. */
struct domain_shape {
	char *arch;    /* "x86_64" */
	char *machine; /* "pc-i440fx-7.2" */
	enum panic_device panic;
	char *security; /* type of <launchSecurity>, "sev", "tdx": memory is encrypted; or NULL */
	unsigned int events; /* enum panic_event: what it is told to offer; 0: QEMU's default */
};
void domain_shape_clear(struct domain_shape *shape);

/* @flags: 0 for the current definition, VIR_DOMAIN_XML_INACTIVE for the one at the next start. */
bool domain_get_shape(struct session *session, virDomainPtr domain, unsigned int flags,
		      struct domain_shape *shape, GError **error);

/*
 * The options in the metadata of the live domain or of its configuration, as @flags (enum
 * virDomainModificationImpact) says. If there are none or they say enabled="no", *@enabled is false
 * and the options are the defaults. Invalid options are an error; @warnings as in
 * options_from_xml().
 */
bool domain_get_options(struct session *session, virDomainPtr domain, unsigned int flags,
			bool *enabled, struct options *options, GPtrArray *warnings,
			GError **error);

/* Is there an element, valid or not, without enabled="no"? */
bool domain_has_options(struct session *session, virDomainPtr domain, unsigned int flags,
			bool *enabled, GError **error);

/*
 * Reads options and shape at once, from the definitions alone: @enabled of the current definition,
 * @next of the configuration; @options of the current definition, else of the configuration.
 */
bool domain_look(struct session *session, virDomainPtr domain, bool active, bool *enabled,
		 bool *next, struct options *options, struct domain_shape *shape, GError **error);

/* Stores only enabled="no": auto_enable then does not enable the domain either. */
bool domain_set_disabled(struct session *session, virDomainPtr domain, unsigned int flags,
			 GError **error);

/* @options NULL removes them. One call sets live and configuration: both or neither. */
bool domain_set_options(struct session *session, virDomainPtr domain, unsigned int flags,
			const struct options *options, GError **error);

/*
 * Adds the panic device that fits the machine to the configuration; *@added: its kind. *@previous:
 * the old definition, for domain_restore(); g_free().
 */
bool domain_add_panic_device(struct session *session, virDomainPtr domain, enum panic_device *added,
			     char **previous, GError **error);

/*
 * Makes the panic device of the configuration offer the oops event, and the lockup event if libvirt
 * or the running QEMU says that QEMU has it. *@added: the events (enum panic_event) that it did not
 * offer before.
 */
bool domain_add_oops_event(struct session *session, virDomainPtr domain, unsigned int *added,
			   GError **error);

/* Does the running QEMU have the lockup event? False if the domain does not run. */
bool domain_has_lockup_event(virDomainPtr domain, enum panic_device device);

bool domain_restore(struct session *session, virDomainPtr domain, const char *previous,
		    GError **error);

/*
 * The requested ones of VIR_DOMAIN_AFFECT_LIVE and _CONFIG, from --live, --config, --current;
 * without these options all that the domain has. Contradictions, and live for an inactive domain,
 * are errors.
 */
struct cli_args;
bool domain_affect(struct session *session, virDomainPtr domain, const struct cli_args *args,
		   unsigned int *flags, GError **error);

/* "live and config", "live", "config" */
const char *domain_affect_name(unsigned int flags);

#endif
