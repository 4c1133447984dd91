/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A libvirt domain as oopsbt sees it: its configuration in the metadata, and what in its definition
 * decides how an oops can be noticed.
 */
#ifndef OOPSBT_PLUGIN_DOMAIN_H
#define OOPSBT_PLUGIN_DOMAIN_H

#include "common/options.h"
#include "session.h"

enum panic_device {
	PANIC_DEVICE_NONE,
	PANIC_DEVICE_ISA,  /* <panic model='isa'/>: pvpanic on the ISA bus */
	PANIC_DEVICE_PCI,  /* <panic model='pvpanic'/>, libvirt 9.1 on */
	PANIC_DEVICE_QEMU, /* an oopsbt-able pvpanic given to QEMU directly in <qemu:commandline> */
};
const char *panic_device_name(enum panic_device device); /* "pvpanic (isa)"; "none" */

/* What of a definition matters here. */
struct domain_shape {
	char *arch;    /* "x86_64" */
	char *machine; /* "pc-i440fx-7.2" */
	enum panic_device panic;
	bool oops_event; /* it offers the oops event */
};
void domain_shape_clear(struct domain_shape *shape);

/* @flags: 0 for what runs (or will, if nothing does), VIR_DOMAIN_XML_INACTIVE for the next start.
 */
bool domain_get_shape(struct session *session, virDomainPtr domain, unsigned int flags,
		      struct domain_shape *shape, GError **error);

/*
 * The options in the metadata, of the live domain or of its configuration as @flags (enum
 * virDomainModificationImpact) says. *@enabled is false, and the options are the defaults, if
 * there are none or they say enabled="no". Bad ones are an error; @warnings as in
 * options_from_xml().
 */
bool domain_get_options(struct session *session, virDomainPtr domain, unsigned int flags,
			bool *enabled, struct options *options, GPtrArray *warnings,
			GError **error);

/* Only whether the element is there and does not say enabled="no"; good or bad. */
bool domain_has_options(struct session *session, virDomainPtr domain, unsigned int flags,
			bool *enabled, GError **error);

/*
 * Options and shape at once, from the definitions alone: @enabled of what runs (or would, if
 * @active is false), @next of the configuration; @options of the former or else the latter.
 */
bool domain_look(struct session *session, virDomainPtr domain, bool active, bool *enabled,
		 bool *next, struct options *options, struct domain_shape *shape, GError **error);

/* Only enabled="no": auto_enable does not enable the domain either. */
bool domain_set_disabled(struct session *session, virDomainPtr domain, unsigned int flags,
			 GError **error);

/* @options NULL takes them away. One call for live and configuration: both or neither. */
bool domain_set_options(struct session *session, virDomainPtr domain, unsigned int flags,
			const struct options *options, GError **error);

/*
 * Adds the panic device that fits the machine to the configuration; *@added says which one.
 * *@previous is the definition as it was, for domain_restore(); g_free().
 */
bool domain_add_panic_device(struct session *session, virDomainPtr domain, enum panic_device *added,
			     char **previous, GError **error);

/* Has the panic device of the configuration offer the oops event; nothing is done if it does. */
bool domain_add_oops_event(struct session *session, virDomainPtr domain, bool *added,
			   GError **error);
bool domain_restore(struct session *session, virDomainPtr domain, const char *previous,
		    GError **error);

/*
 * Which of VIR_DOMAIN_AFFECT_LIVE and _CONFIG are meant, from --live, --config, --current; with
 * none of them all that the domain has. Contradictions and states that do not fit are errors.
 */
struct cli_args;
bool domain_affect(struct session *session, virDomainPtr domain, const struct cli_args *args,
		   unsigned int *flags, GError **error);

/* "live and config", "live", "config" */
const char *domain_affect_name(unsigned int flags);

#endif
