/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses what QEMU's human monitor prints about guest memory and ports: `info mtree -f`, `info
 * ramblock`, `gpa2hva` and `i` of QEMU 7.2 to 10.x. Skips unknown lines; the caller checks the
 * sources against each other.
 */
#ifndef OOPSBT_DAEMON_LAYOUT_TEXT_H
#define OOPSBT_DAEMON_LAYOUT_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A run of guest-physical addresses backed by RAM. */
struct ram_region {
	uint64_t start;
	uint64_t length;
	uint64_t offset; /* into the memory region @name, bytes */
	char *name;
};

/* Array of struct ram_region from the flat view of the address space "memory". NULL: none found. */
GArray *layout_parse_mtree(const char *text);

/* The used length of a memory region's RAM block(s); 0: there is none. */
uint64_t layout_parse_ramblock(const char *text, const char *name);

/* The host virtual address in a gpa2hva answer about the memory region @name; else 0. */
uint64_t layout_parse_gpa2hva(const char *text, const char *name);

/* The port of the ACPI timer, from the flat view of the ports; 0: there is none. */
uint16_t layout_parse_timer_port(const char *mtree);

/* The value at @port in an answer to "i/w". */
bool layout_parse_port(const char *text, uint16_t port, uint32_t *value);

#endif
