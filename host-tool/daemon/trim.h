/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drops library code that only startup needs: libvirt's client loads three TLS and SSH
 * implementations. Drops all code pages once; code in use comes back from the page cache.
 */
#ifndef OOPSBT_DAEMON_TRIM_H
#define OOPSBT_DAEMON_TRIM_H

void trim_code(void);

#endif
