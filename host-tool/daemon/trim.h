/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of the libraries' code only starting needs most: libvirt's client brings three TLS and SSH
 * implementations along. Unmaps all of it, once; what is used comes back from the page cache.
 */
#ifndef OOPSBT_DAEMON_TRIM_H
#define OOPSBT_DAEMON_TRIM_H

void trim_code(void);

#endif
