# SPDX-License-Identifier: GPL-2.0-or-later
# The page of a report in a real browser, which is large: it is not part of `make check`.

.PHONY: check-html
check-html: tests
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/html/html.test.sh
