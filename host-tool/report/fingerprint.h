/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identifies a bug for programs; the title is for people. Reports of the same bug have the same
 * fingerprint, whatever the CPU, the task, the addresses, the kernel's build and the final
 * exception. Different bugs have different fingerprints.
 */
#ifndef OOPSBT_REPORT_FINGERPRINT_H
#define OOPSBT_REPORT_FINGERPRINT_H

#include "kernel/blame.h"

/*
 * The version of the rules. A change of the rules needs a new version, and changes all
 * fingerprints.
 */
#define FINGERPRINT_RULES 1
#define FINGERPRINT_LENGTH 16

/*
 * FINGERPRINT_LENGTH hexadecimal digits of a SHA-256 over the version of the rules, @kind (a name
 * of common/incident.h), and the functions to blame; if there are none, @title without its numbers.
 * Free with g_free().
 */
char *fingerprint_make(const char *kind, const struct blame *culprit, const char *title);

#endif
