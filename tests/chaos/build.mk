# SPDX-License-Identifier: GPL-2.0-or-later
# `make check-chaos [ROUNDS=N] [SEED=N]`: guests, and everything that can fail around them.

.PHONY: check-chaos
check-chaos: tests
	tests/run tests/chaos/chaos

# `make check-false-alarms [MINUTES=N] [LOAD=N]`: guests that only look hung.
.PHONY: check-false-alarms
check-false-alarms: tests
	tests/run tests/chaos/no-hangs tests/chaos/no-hangs-migration tests/chaos/false-alarms
