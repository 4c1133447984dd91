/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/nmi.h"

bool nmi_wanted(enum option_nmi option, const struct protocol_verdict *verdict, bool runs,
		const char **reason)
{
	if (option == OPTION_NMI_NEVER) {
		*reason = "nmi=never";
		return false;
	}
	if (!runs) {
		*reason = "the guest does not run";
		return false;
	}
	if (option == OPTION_NMI_ALWAYS) {
		*reason = "nmi=always";
		return true;
	}
	if (!verdict->known) {
		*reason = "guest memory does not tell whether it is safe";
		return false;
	}
	if (verdict->panic_cpu != -1) {
		*reason = "the guest is panicking";
		return false;
	}
	if (verdict->nmi_panics) {
		*reason = "unknown_nmi_panic or panic_on_unrecovered_nmi is set in the guest";
		return false;
	}
	if (!verdict->nmi_handler) {
		*reason = "the guest has no handler for it, or it is switched off "
			  "(kernel.unknown_nmi_backtrace, kernel.unknown_nmi_sys_info)";
		return false;
	}
	*reason = "the guest has a handler for it";
	return true;
}
