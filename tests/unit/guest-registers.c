/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts in tests/unit/data/ are output of `info registers -a` of real QEMUs. */
#include <string.h>

#include "guest/registers.h"

static char *load(const char *name)
{
	g_autofree char *path = g_build_filename("tests/unit/data", name, NULL);
	g_autoptr(GError) error = NULL;
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	return text;
}

static const struct vcpu_registers *vcpu_at(const GArray *vcpus, guint i)
{
	return &g_array_index(vcpus, struct vcpu_registers, i);
}

static void test_long_mode(void)
{
	g_autofree char *text = load("registers-qemu-7.2.txt");
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) vcpus = registers_parse(text, &error);
	const struct vcpu_registers *r;

	g_assert_no_error(error);
	g_assert_cmpuint(vcpus->len, ==, 4);
	r = vcpu_at(vcpus, 0);
	g_assert_cmpuint(r->vcpu, ==, 0);
	g_assert_cmphex(r->rax, ==, 0x000000000001ad40);
	g_assert_cmphex(r->rcx, ==, 0xffff88d3019039a0);
	g_assert_cmphex(r->rsp, ==, 0xffffffffafc03e98);
	g_assert_cmphex(r->rbp, ==, 0xffffffffafc1aa40);
	g_assert_cmphex(r->r8, ==, 0xffffffffffd7cc5d);
	g_assert_cmphex(r->r15, ==, 0x14790);
	g_assert_cmphex(r->rip, ==, 0xffffffffaec592eb);
	g_assert_cmphex(r->rflags, ==, 0x246);
	g_assert_cmpuint(r->cpl, ==, 0);
	g_assert_true(r->halted);
	g_assert_cmphex(r->cs.selector, ==, 0x10);
	g_assert_cmphex(r->cs.limit, ==, 0xffffffff);
	g_assert_cmphex(r->cs.flags, ==, 0x00af9b00);
	g_assert_cmphex(r->gs.base, ==, 0xffff88d31f200000);
	g_assert_cmphex(r->tr.base, ==, 0xfffffe0000003000);
	g_assert_cmphex(r->tr.limit, ==, 0x4087);
	g_assert_cmphex(r->ldt.flags, ==, 0x8200);
	g_assert_cmphex(r->gdt.base, ==, 0xfffffe0000001000);
	g_assert_cmphex(r->gdt.limit, ==, 0x7f);
	g_assert_cmphex(r->idt.base, ==, 0xfffffe0000000000);
	g_assert_cmphex(r->idt.limit, ==, 0xfff);
	g_assert_cmphex(r->cr0, ==, 0x80050033);
	g_assert_cmphex(r->cr2, ==, 0x3ec7c730);
	g_assert_cmphex(r->cr3, ==, 0x1c160000);
	g_assert_cmphex(r->cr4, ==, 0x6f0);
	g_assert_cmphex(r->efer, ==, 0xd01);
	g_assert_true(vcpu_in_long_mode(r));
	g_assert_false(vcpu_five_level_paging(r));
	g_assert_cmpuint(vcpu_at(vcpus, 3)->vcpu, ==, 3);
}

static void test_newer_qemu(void)
{
	g_autofree char *text = load("registers-qemu-10.0.txt");
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) vcpus = registers_parse(text, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(vcpus->len, ==, 4);
	for (guint i = 0; i < vcpus->len; i++) {
		g_assert_true(vcpu_in_long_mode(vcpu_at(vcpus, i)));
		g_assert_true(vcpu_five_level_paging(vcpu_at(vcpus, i)));
	}
	g_assert_true(vcpu_at(vcpus, 0)->halted);
	g_assert_false(vcpu_at(vcpus, 1)->halted);
	g_assert_cmphex(vcpu_at(vcpus, 1)->rip, ==, 0xffffffff91e00ef0);
}

static void test_real_mode(void)
{
	g_autofree char *text = load("registers-qemu-7.2-real-mode.txt");
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) vcpus = registers_parse(text, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(vcpus->len, ==, 2);
	g_assert_cmphex(vcpu_at(vcpus, 0)->rip, ==, 0xfff0);
	g_assert_cmphex(vcpu_at(vcpus, 0)->rdx, ==, 0x60fb1);
	g_assert_cmphex(vcpu_at(vcpus, 0)->cs.base, ==, 0xffff0000);
	g_assert_cmphex(vcpu_at(vcpus, 0)->r8, ==, 0);
	g_assert_false(vcpu_in_long_mode(vcpu_at(vcpus, 0)));
	g_assert_false(vcpu_at(vcpus, 0)->halted);
	g_assert_true(vcpu_at(vcpus, 1)->halted);
}

/* A 32-bit program under a 64-bit kernel: short registers, but the kernel's memory is readable. */
static void test_compatibility_mode(void)
{
	static const char text[] =
		"\nCPU#0\n"
		"EAX=00000001 EBX=00000002 ECX=00000003 EDX=00000004\n"
		"ESI=00000005 EDI=00000006 EBP=00000007 ESP=ffc00008\n"
		"EIP=08049000 EFL=00000202 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0\n"
		"ES =002b 0000000000000000 ffffffff 00cff300 DPL=3 DS   [-WA]\n"
		"CS =0023 0000000000000000 ffffffff 00cffb00 DPL=3 CS32 [-RA]\n"
		"SS =002b 0000000000000000 ffffffff 00cff300 DPL=3 DS   [-WA]\n"
		"DS =002b 0000000000000000 ffffffff 00cff300 DPL=3 DS   [-WA]\n"
		"FS =0000 0000000000000000 00000000 00000000\n"
		"GS =0063 00000000f7f0a500 ffffffff 00d0f300 DPL=3 DS   [-WA]\n"
		"LDT=0000 0000000000000000 00000000 00008200 DPL=0 LDT\n"
		"TR =0040 fffffe0000003000 00004087 00008900 DPL=0 TSS64-avl\n"
		"GDT=     fffffe0000001000 0000007f\n"
		"IDT=     fffffe0000000000 00000fff\n"
		"CR0=80050033 CR2=00000000f7f00000 CR3=0000000103456801 CR4=003706f0\n"
		"EFER=0000000000000d01\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) vcpus = registers_parse(text, &error);

	g_assert_no_error(error);
	g_assert_cmphex(vcpu_at(vcpus, 0)->rsp, ==, 0xffc00008);
	g_assert_cmpuint(vcpu_at(vcpus, 0)->cpl, ==, 3);
	g_assert_true(vcpu_in_long_mode(vcpu_at(vcpus, 0)));
}

static char *replace_once(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);

	g_assert_nonnull(at);
	return g_strdup_printf("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
}

static void test_bad_text_names_vcpu_and_register(void)
{
	static const struct {
		const char *old, *new, *message;
	} cases[] = {
		{"CR3=000000001c160000", "", "vCPU 0 is not usable: CR3 is missing"},
		{"CR3=000000001c160000", "CR3=00000000_c160000",
		 "vCPU 0 is not usable: CR3 is garbled"},
		{"CR3=000000001c160000", "CR3=0000000001c160000",
		 "vCPU 0 is not usable: CR3 is garbled"},
		{"RBX=0000000000000000", "RAX=0000000000000000",
		 "vCPU 0 is not usable: RAX is there twice"},
		{"RAX=", "EAX=", "vCPU 0 is not usable: RAX is missing"},
		{"R8 =", "R8 ", "vCPU 0 is not usable: R8 is missing"},
		{"CPL=0", "CPL=4", "vCPU 0 is not usable: CPL is garbled"},
		{"HLT=1", "HLT=", "vCPU 0 is not usable: HLT is garbled"},
		{"CS =0010 0000000000000000", "CS =0010", "vCPU 0 is not usable: CS is garbled"},
		{"IDT=     fffffe0000000000 00000fff", "IDT=     fffffe0000000000",
		 "vCPU 0 is not usable: IDT is garbled"},
		{"CPU#0", "CPU#1", "a heading after 1 vCPUs is garbled or repeats one"},
		{"CPU#0", "CPU#4096", "a heading after 0 vCPUs is garbled or repeats one"},
		{"CPU#0", "CPU#-1", "a heading after 0 vCPUs is garbled or repeats one"},
	};
	g_autofree char *text = load("registers-qemu-7.2.txt");

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *bad = replace_once(text, cases[i].old, cases[i].new);
		g_autoptr(GError) error = NULL;
		g_autoptr(GArray) vcpus = registers_parse(bad, &error);

		g_assert_error(error, REGISTERS_ERROR, REGISTERS_ERROR_TEXT);
		g_assert_null(vcpus);
		if (strstr(error->message, cases[i].message) == NULL)
			g_error("\"%s\" gave \"%s\"", cases[i].message, error->message);
	}
}

static void test_no_text(void)
{
	static const char *const texts[] = {"",	     "\r\n",	"CPU#",
					    "CPU#0", "CPU#0\n", "unknown command: 'info'"};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(registers_parse(texts[i], &error));
		g_assert_error(error, REGISTERS_ERROR, REGISTERS_ERROR_TEXT);
	}
}

/* Every text gives an answer or an error, never a crash; the sanitizers check this. */
static void test_mutated_text(void)
{
	g_autofree char *text = load("registers-qemu-7.2.txt");
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	size_t length = strlen(text);

	for (unsigned int round = 0; round < 5000; round++) {
		g_autofree char *bad = g_strdup(text);
		unsigned int changes = (unsigned int)g_rand_int_range(random, 1, 8);
		g_autoptr(GArray) vcpus = NULL;

		for (unsigned int i = 0; i < changes; i++)
			bad[g_rand_int_range(random, 0, (gint32)length)] =
				(char)g_rand_int_range(random, 0, 256);
		vcpus = registers_parse(bad, NULL);
		if (vcpus)
			g_assert_cmpuint(vcpus->len, <=, 4);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/registers/long-mode", test_long_mode);
	g_test_add_func("/registers/newer-qemu", test_newer_qemu);
	g_test_add_func("/registers/real-mode", test_real_mode);
	g_test_add_func("/registers/compatibility-mode", test_compatibility_mode);
	g_test_add_func("/registers/bad-text-names-vcpu-and-register",
			test_bad_text_names_vcpu_and_register);
	g_test_add_func("/registers/no-text", test_no_text);
	g_test_add_func("/registers/mutated-text", test_mutated_text);
	return g_test_run();
}
