// SPDX-License-Identifier: GPL-2.0-or-later
/* "info registers -a" of the QEMU monitor. */
#include "fuzz.h"
#include "guest/registers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autofree char *text = fuzz_text(bytes, length);
	GError *error = NULL;
	GArray *vcpus = registers_parse(text, &error);

	fuzz_check_result(vcpus != NULL, error);
	if (vcpus) {
		g_assert_cmpuint(vcpus->len, >, 0);
		g_assert_cmpuint(vcpus->len, <=, MAX_VCPUS);
		for (guint i = 0; i < vcpus->len; i++) {
			const struct vcpu_registers *vcpu =
				&g_array_index(vcpus, struct vcpu_registers, i);

			g_assert_cmpuint(vcpu->cpl, <=, 3);
			(void)vcpu_in_long_mode(vcpu);
			(void)vcpu_five_level_paging(vcpu);
		}
		g_array_unref(vcpus);
	}
	return 0;
}
