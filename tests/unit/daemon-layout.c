/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "daemon/layout_text.h"

/* QEMU 7.2, pc, from the monitor: an address space other than "memory" comes first. */
static const char mtree_7_2[] =
	"FlatView #0\r\n"
	" AS \"cpu-smm-0\", root: memory\r\n"
	" Root memory region: memory\r\n"
	"  0000000000000000-00000000000c2fff (prio 0, ram): other.ram\r\n"
	"\r\n"
	"FlatView #1\r\n"
	" AS \"memory\", root: system\r\n"
	" AS \"cpu-memory-0\", root: system\r\n"
	" Root memory region: system\r\n"
	"  0000000000000000-00000000000c2fff (prio 0, ram): pc.ram\r\n"
	"  00000000000c3000-00000000000e7fff (prio 0, rom): pc.ram @00000000000c3000\r\n"
	"  00000000000e8000-00000000000effff (prio 0, ram): pc.ram @00000000000e8000\r\n"
	"  0000000000100000-000000001fffffff (prio 0, ram): pc.ram @0000000000100000\r\n"
	"  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram\r\n"
	"  00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic\r\n"
	"  00000000fffc0000-00000000ffffffff (prio 0, rom): pc.bios\r\n"
	"\r\n"
	"FlatView #2\r\n"
	" AS \"I/O\", root: io\r\n"
	" Root memory region: io\r\n"
	"  0000000000000000-0000000000000007 (prio 0, ram): dma-chan\r\n"
	"  0000000000000600-0000000000000603 (prio 0, i/o): acpi-evt\r\n"
	"  0000000000000608-000000000000060b (prio 0, i/o): acpi-tmr\r\n";

/* QEMU 10 with KVM: the end of the line names the owner of the range. */
static const char mtree_10[] =
	"FlatView #0\n"
	" AS \"memory\", root: system\n"
	" AS \"cpu-memory-0\", root: system\n"
	" AS \"piix3-ide\", root: bus master container\n"
	" Root memory region: system\n"
	"  0000000000000000-000000000009ffff (prio 0, ram): pc.ram KVM\n"
	"  0000000100000000-000000013fffffff (prio 0, ram): pc.ram @00000000c0000000 KVM\n"
	"  0000000140000000-000000017fffffff (prio 0, nv-ram): nvdimm0 KVM KVM\n"
	"  0000000380000000-00000003803fffff (prio 1, ramd): 0000:01:00.0 BAR 0 mmaps[0]\n";

static const char ramblock_7_2[] = "              Block Name    PSize              Offset          "
				   "     Used              Total\n"
				   "                  pc.ram    4 KiB  0x0000000000000000 "
				   "0x0000000020000000 0x0000000020000000\n"
				   "  0000:00:02.0/vga.vram    4 KiB  0x0000000020080000 "
				   "0x0000000001000000 0x0000000001000000\n"
				   "    /rom@etc/acpi/tables    4 KiB  0x0000000021080000 "
				   "0x0000000000020000 0x0000000000200000\n";

static const char ramblock_10[] = "              Block Name    PSize              Offset           "
				  "    Used              Total "
				  "               HVA  RO\n"
				  "                  pc.ram    2 MiB  0x0000000000000000 "
				  "0x0000000100000000 0x0000000100000000 "
				  "0x00007f1f00000000  rw\n";

static void assert_region(const GArray *regions, guint i, uint64_t start, uint64_t length,
			  uint64_t offset, const char *name)
{
	const struct ram_region *region = &g_array_index(regions, struct ram_region, i);

	g_assert_cmpuint(region->start, ==, start);
	g_assert_cmpuint(region->length, ==, length);
	g_assert_cmpuint(region->offset, ==, offset);
	g_assert_cmpstr(region->name, ==, name);
}

static void test_mtree_7_2(void)
{
	g_autoptr(GArray) regions = layout_parse_mtree(mtree_7_2);

	g_assert_nonnull(regions);
	g_assert_cmpuint(regions->len, ==, 4);
	assert_region(regions, 0, 0, 0xc3000, 0, "pc.ram");
	assert_region(regions, 1, 0xe8000, 0x8000, 0xe8000, "pc.ram");
	assert_region(regions, 2, 0x100000, 0x1ff00000, 0x100000, "pc.ram");
	assert_region(regions, 3, 0xfd000000, 0x1000000, 0, "vga.vram");
}

static void test_mtree_10(void)
{
	g_autoptr(GArray) regions = layout_parse_mtree(mtree_10);

	g_assert_nonnull(regions);
	g_assert_cmpuint(regions->len, ==, 3);
	assert_region(regions, 0, 0, 0xa0000, 0, "pc.ram");
	assert_region(regions, 1, 0x100000000, 0x40000000, 0xc0000000, "pc.ram");
	assert_region(regions, 2, 0x140000000, 0x40000000, 0, "nvdimm0");
}

static void test_mtree_garbage(void)
{
	static const char *const texts[] = {
		"",
		"unknown command: 'info mtree -f'",
		"FlatView #0\n AS \"I/O\", root: io\n  0-7 (prio 0, ram): x\n",
		" AS \"memory\", root: system\n  zz-ff (prio 0, ram): x\n",
		" AS \"memory\", root: system\n  8-7 (prio 0, ram): x\n",
		" AS \"memory\", root: system\n  0-ffffffffffffffff (prio 0, ram): x\n",
		" AS \"memory\", root: system\n  0-ff (prio 0, ram):",
		" AS \"memory\", root: system\n  0-ff (prio 0, ram",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert_null(layout_parse_mtree(texts[i]));
}

static void test_ramblock(void)
{
	g_assert_cmpuint(layout_parse_ramblock(ramblock_7_2, "pc.ram"), ==, 0x20000000);
	g_assert_cmpuint(layout_parse_ramblock(ramblock_7_2, "vga.vram"), ==, 0x1000000);
	g_assert_cmpuint(layout_parse_ramblock(ramblock_7_2, "vram"), ==, 0);
	g_assert_cmpuint(layout_parse_ramblock(ramblock_7_2, "c.ram"), ==, 0);
	g_assert_cmpuint(layout_parse_ramblock(ramblock_10, "pc.ram"), ==, 0x100000000);
	g_assert_cmpuint(layout_parse_ramblock("", "pc.ram"), ==, 0);
}

static void test_gpa2hva(void)
{
	static const char good[] =
		"Host virtual address for 0x100000 (pc.ram) is 0x7f68a7f00000\r\n";

	g_assert_cmphex(layout_parse_gpa2hva(good, "pc.ram"), ==, 0x7f68a7f00000);
	g_assert_cmphex(layout_parse_gpa2hva(good, "other.ram"), ==, 0);
	g_assert_cmphex(layout_parse_gpa2hva("No memory is mapped at address 0x1", "pc.ram"), ==,
			0);
	g_assert_cmphex(layout_parse_gpa2hva("Memory at address 0x1 is not RAM", "pc.ram"), ==, 0);
	g_assert_cmphex(layout_parse_gpa2hva("", "pc.ram"), ==, 0);
}

static void test_timer(void)
{
	uint32_t value;

	g_assert_cmpuint(layout_parse_timer_port(mtree_7_2), ==, 0x608);
	g_assert_cmpuint(layout_parse_timer_port(mtree_10), ==, 0);
	g_assert_cmpuint(layout_parse_timer_port(""), ==, 0);
	g_assert_cmpuint(layout_parse_timer_port("  0000000000010608-000000000001060b (prio 0, "
						 "i/o): acpi-tmr\n"),
			 ==, 0);
	g_assert_true(layout_parse_port("portl[0x0608] = 0x00a1b2c3\r\n", 0x608, &value));
	g_assert_cmpuint(value, ==, 0xa1b2c3);
	g_assert_false(layout_parse_port("portl[0x0604] = 0x00a1b2c3\r\n", 0x608, &value));
	g_assert_false(layout_parse_port("portb[0x0608] = 0xc3\r\n", 0x608, &value));
	g_assert_false(layout_parse_port("unknown command: 'i/w 0x608'", 0x608, &value));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/layout/mtree of QEMU 7.2 gives the RAM of the space \"memory\"",
			test_mtree_7_2);
	g_test_add_func("/layout/mtree of QEMU 10 with KVM is parsed", test_mtree_10);
	g_test_add_func("/layout/text other than mtree gives no memory", test_mtree_garbage);
	g_test_add_func("/layout/ramblock gives the used length of a region's block",
			test_ramblock);
	g_test_add_func("/layout/gpa2hva is accepted only for the requested region", test_gpa2hva);
	g_test_add_func("/layout/the port and the value of the ACPI timer are parsed", test_timer);
	return g_test_run();
}
