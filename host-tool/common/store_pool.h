/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dumps once more in a form that a libvirt storage pool can show, which knows no directories in
 * directories: <root>/.pool/ holds "<id>.<file>", hard links, and index.json, by which a listing
 * takes one download.
 *
 * index.json: [ { "id", "domain", "uuid", "title", "signalled", "signal", "incident",
 * "fingerprint", "release", "vmcore": bool, "repeats": number, "repeated" }, ... ], as in struct
 * store_entry, oldest first.
 */
#ifndef OOPSBT_COMMON_STORE_POOL_H
#define OOPSBT_COMMON_STORE_POOL_H

#include "common/store_entry.h"

#define STORE_POOL_DIRECTORY ".pool"
#define STORE_POOL_INDEX "index.json"

/*
 * Makes the folder in @root if it is not there, and waits until no other process is at it. Returns
 * what to give back to store_pool_unlock(), or -1.
 */
int store_pool_lock(const char *root);
void store_pool_unlock(int lock);

/* Makes it show exactly @entries (of struct store_entry). With the lock held. */
void store_pool_fill(const char *root, const GPtrArray *entries);

#endif
