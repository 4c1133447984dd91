# SPDX-License-Identifier: GPL-2.0-or-later
# `make check-chaos [ROUNDS=N] [SEED=N]`: guests, and all that can go wrong around them.

.PHONY: check-chaos
check-chaos: tests
	tests/run tests/chaos/chaos
