/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot sector that is no Linux: 64-bit mode with its own page tables and an empty IDT, halted.
 * Assembled with --defsym REAL=1 it stays in real mode. "ok" at 0x7e00 says that it got there.
 */
	.set	TABLES, 0x1000

	.code16
	.globl	_start
_start:
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7000, %sp
	.ifdef	REAL
	movw	$0x6b6f, 0x7e00
	jmp	.
	.endif
	/* One table of each level; the last maps the first 2 MiB. */
	movw	$TABLES, %di
	movw	$0x1800, %cx
	cld
	rep stosw
	movl	$TABLES + 0x1003, TABLES
	movl	$TABLES + 0x2003, TABLES + 0x1000
	movl	$0x83, TABLES + 0x2000
	lgdt	gdt_pointer
	movl	$0x20, %eax		# CR4.PAE
	movl	%eax, %cr4
	movl	$TABLES, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	# EFER.LME
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x80000001, %eax	# CR0.PG and PE
	movl	%eax, %cr0
	ljmp	$8, $long_mode
	.code64
long_mode:
	movw	$0x6b6f, 0x7e00
	hlt
	jmp	long_mode

	.balign	8
gdt:
	.quad	0, 0x00209a0000000000
gdt_pointer:
	.word	15
	.long	gdt
	.org	510
	.word	0xaa55
