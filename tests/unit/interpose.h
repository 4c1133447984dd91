/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of a test that stand before those of libc; the libraries use them as well. */
#ifndef OOPSBT_UNIT_INTERPOSE_H
#define OOPSBT_UNIT_INTERPOSE_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/*
 * Defines open() or openat(), whose last named parameter is flags: -1 if @refused, which is
 * evaluated at each call, or the original with the arguments after it.
 */
#define INTERPOSE_OPEN(name, parameters, refused, ...)                                             \
	int name parameters                                                                        \
	{                                                                                          \
		va_list more;                                                                      \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(more, flags);                                                             \
		mode = va_arg(more, mode_t);                                                       \
		va_end(more);                                                                      \
		return (refused) ? -1 : REAL(name)(__VA_ARGS__, mode);                             \
	}

#endif
