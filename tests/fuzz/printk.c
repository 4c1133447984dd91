// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log ring: the format of 5.10 and later if the first byte is even, else that of older kernels.
 * The image has a pointer to the ring at 0, the ring at 0x40, descriptors at 0x100, infos at 0x300,
 * text at 0xa00. The variables and the buffer of the old log are at 0x20 and 0xa00.
 */
#include "fuzz_image.h"
#include "kernel/printk.h"

static const char vmcoreinfo[] = "OSRELEASE=6.1.0\n"
				 "OFFSET(printk_ringbuffer.desc_ring)=0\n"
				 "OFFSET(printk_ringbuffer.text_data_ring)=48\n"
				 "OFFSET(prb_desc_ring.count_bits)=0\n"
				 "OFFSET(prb_desc_ring.descs)=8\n"
				 "OFFSET(prb_desc_ring.infos)=16\n"
				 "OFFSET(prb_desc_ring.head_id)=24\n"
				 "OFFSET(prb_desc_ring.tail_id)=32\n"
				 "OFFSET(prb_desc.state_var)=0\n"
				 "OFFSET(prb_desc.text_blk_lpos)=8\n"
				 "SIZE(prb_desc)=24\n"
				 "OFFSET(prb_data_blk_lpos.begin)=0\n"
				 "OFFSET(prb_data_blk_lpos.next)=8\n"
				 "OFFSET(printk_info.seq)=0\n"
				 "OFFSET(printk_info.ts_nsec)=8\n"
				 "OFFSET(printk_info.text_len)=16\n"
				 "OFFSET(printk_info.caller_id)=20\n"
				 "SIZE(printk_info)=88\n"
				 "OFFSET(prb_data_ring.size_bits)=0\n"
				 "OFFSET(prb_data_ring.data)=8\n";

static const char old_vmcoreinfo[] = "OSRELEASE=5.4.0\n"
				     "OFFSET(printk_log.ts_nsec)=0\n"
				     "OFFSET(printk_log.len)=8\n"
				     "OFFSET(printk_log.text_len)=10\n"
				     "OFFSET(printk_log.dict_len)=12\n"
				     "SIZE(printk_log)=16\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	bool old = length > 0 && bytes[0] & 1;
	const char *info = old ? old_vmcoreinfo : vmcoreinfo;
	struct fake_guest *guest;
	g_autoptr(KernelMap) map = NULL;
	struct kernel kernel;
	const char *source = NULL;
	GError *error = NULL;
	uint64_t position;
	GArray *records;
	bool good;

	if (length == 0)
		return 0;
	guest = fuzz_image(bytes + 1, length - 1);
	map = fuzz_map(guest);
	if (old) {
		map->symbols[SYMBOL_log_buf] = FAKE_GUEST_IMAGE + 0x20;
		map->symbols[SYMBOL_log_buf_len] = FAKE_GUEST_IMAGE + 0x28;
		map->symbols[SYMBOL_log_first_idx] = FAKE_GUEST_IMAGE + 0x2c;
		map->symbols[SYMBOL_log_next_idx] = FAKE_GUEST_IMAGE + 0x30;
	} else {
		map->symbols[SYMBOL_prb] = FAKE_GUEST_IMAGE;
	}
	kernel_init(&kernel, map, guest->snapshot);
	good = printk_position(&kernel, info, &position, &error);
	fuzz_check_result(good, error);
	error = NULL;
	records = printk_read(&kernel, info, &source, &error);
	g_assert_true(records || error);
	g_clear_error(&error);
	if (records) {
		for (guint i = 0; i < records->len; i++)
			g_assert_nonnull(g_array_index(records, struct printk_record, i).text);
		g_array_unref(records);
	}
	kernel_clear(&kernel);
	return 0;
}
