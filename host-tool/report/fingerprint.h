/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program tells bugs apart by; the title is for people. Two reports of one bug have one
 * fingerprint, whatever the CPU, the task, the addresses, the kernel's build and the exception that
 * it happened to end in. Two bugs have two.
 */
#ifndef OOPSBT_REPORT_FINGERPRINT_H
#define OOPSBT_REPORT_FINGERPRINT_H

#include "kernel/blame.h"

/*
 * The number of the rules. A change of the rules needs another number, and gives every bug another
 * fingerprint.
 */
#define FINGERPRINT_RULES 1
#define FINGERPRINT_LENGTH 16

/*
 * FINGERPRINT_LENGTH hexadecimal digits, of a SHA-256 over the rules' number, @kind (a name of
 * common/incident.h), and the functions to blame; where there are none, @title without its numbers.
 * Free with g_free().
 */
char *fingerprint_make(const char *kind, const struct blame *culprit, const char *title);

#endif
