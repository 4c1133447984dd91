/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The events that a pvpanic device offers to the guest, in a domain's definition: <event> elements
 * of <panic> (libvirt with our patches), or an argument for QEMU.
 */
#ifndef OOPSBT_PLUGIN_PANIC_EVENTS_H
#define OOPSBT_PLUGIN_PANIC_EVENTS_H

#include <libxml/tree.h>
#include <stdbool.h>

/* The bits of pvpanic's property "events". */
enum panic_event {
	PANIC_EVENT_PANICKED = 1,
	PANIC_EVENT_CRASHLOADED = 2,
	PANIC_EVENT_SHUTDOWN = 4, /* since QEMU 9.1 */
	PANIC_EVENT_OOPS = 8,	  /* this and the next: QEMU with our patches */
	PANIC_EVENT_LOCKUP = 16,
};

/* The events that the definition names; 0: it leaves them to QEMU. */
unsigned int panic_events_named(xmlDoc *document);

/* Adds the events as elements. An element replaces all of QEMU's defaults: @defaults are added,
 * too. */
void panic_events_add_elements(xmlNode *panic, unsigned int defaults, unsigned int events);

/* Adds the events to the argument "@driver.events=N". False: there is no such argument. */
bool panic_events_change_argument(xmlDoc *document, const char *driver, unsigned int events);

/* Adds an argument with these events. */
void panic_events_add_argument(xmlDoc *document, const char *driver, unsigned int events);

#endif
