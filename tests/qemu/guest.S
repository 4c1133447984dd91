/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest without firmware: 64 KiB of ROM whose code runs from reset. Two CPUs that count, and that
 * write to a pvpanic device in one of several ways. Assembled with --defsym WAY=N and, for the PCI
 * device in slot 4, --defsym PCI=1. qemu.sh knows the ways and the words in memory.
 *
 * The code after a write says that it ran. A CPU that a write stops must not have said so.
 */
	.set	OOPS, 8			# bit 3 of the register
	.set	PORT, 0x505
	.set	BAR, 0xfe000000
	.set	APIC_SPURIOUS, 0xfee000f0
	.set	APIC_COMMAND, 0xfee00300
	.set	APIC_LINT1, 0xfee00360
	.set	SECOND_CPU, 0x8000	# where its code goes; a startup IPI names the page

	.set	COUNT0, 0x9000		# loops of the first CPU
	.set	COUNT1, 0x9004		# loops of the second
	.set	AFTER0, 0x9008		# writes after which the first CPU went on
	.set	AFTER1, 0x900c		# the same of the second
	.set	BOTH, 0x9010		# the first CPU's signal to write
	.set	NMIS0, 0x9014		# NMIs that the first CPU got
	.set	NMIS1, 0x9018		# the same of the second

	.set	WAY_ONCE, 1
	.set	WAY_BOTH, 2
	.set	WAY_STORM, 3
	.set	WAY_DISK, 4

	/* A write; %edx is the register's address. */
	.macro	oops
	movb	$OOPS, %al
	.ifdef	PCI
	movb	%al, (%edx)
	.else
	outb	%al, %dx
	.endif
	.endm

	/* A double word into the configuration of the device in slot 4 */
	.macro	pci_config offset, value
	movw	$0xcf8, %dx
	movl	$0x80002000 + \offset, %eax
	outl	%eax, %dx
	movw	$0xcfc, %dx
	movl	$\value, %eax
	outl	%eax, %dx
	.endm

	.code16
rom:					# at 0xf0000
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %es
	movw	$COUNT0, %di
	movw	$16, %cx
	rep stosw
	movw	%cs, %ax
	movw	%ax, %ds
	movw	$second - rom, %si
	movw	$SECOND_CPU, %di
	movw	$second_end - second, %cx
	rep movsb
	lgdtl	gdt_pointer - rom
	lidtl	idt_pointer - rom
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $protected

	.code32
protected:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7000, %esp

	.ifdef	PCI
	pci_config 0x10, BAR
	pci_config 0x04, 2
	movl	$BAR, %edx
	.else
	movl	$PORT, %edx
	.endif

	orl	$0x100, APIC_SPURIOUS
	movl	$0x400, APIC_LINT1	# NMIs, which the other CPU leaves masked
	movl	$0xc4500, APIC_COMMAND	# INIT to the other
	movl	$0x10000, %ecx
1:	pause
	loop	1b
	movl	$0xc4600 + (SECOND_CPU >> 12), APIC_COMMAND
1:	pause
	cmpl	$0, COUNT1
	je	1b

	.if	WAY == WAY_STORM
storm:	oops
	incl	COUNT0
	jmp	storm
	.endif

1:	incl	COUNT0
	cmpl	$0x8000, COUNT0
	jne	1b

	.if	WAY == WAY_DISK		# a sector to the second IDE channel's disk, not waited for
	movl	%edx, %ebx
	movw	$0x176, %dx
	movb	$0xe0, %al
	outb	%al, %dx
	movw	$0x172, %dx
	movb	$1, %al
	outb	%al, %dx
	movw	$0x177, %dx
	movb	$0x30, %al
	outb	%al, %dx
1:	inb	%dx, %al
	testb	$8, %al
	je	1b
	movw	$0x170, %dx
	movl	$256, %ecx
	movl	$rom, %esi
	rep outsw
	movl	%ebx, %edx
	.endif

	.if	WAY == WAY_BOTH
	movl	$1, BOTH
	.endif
	oops
	.globl	after0
after0:	incl	AFTER0
1:	incl	COUNT0
	jmp	1b

nmi0:	incl	NMIS0
	iretl

	.code16
second:					# runs at SECOND_CPU
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	$nmi1 - second, 4 * 2	# the vector of the NMI
	movw	$SECOND_CPU >> 4, 4 * 2 + 2
	movw	$PORT, %dx
	incl	COUNT1
	.if	WAY == WAY_BOTH
1:	cmpl	$0, BOTH
	je	1b
	movb	$OOPS, %al
	outb	%al, %dx
	incl	AFTER1
	.endif
1:	incl	COUNT1
	jmp	1b
nmi1:	incl	NMIS1
	iretw
second_end:

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	# flat code
	.quad	0x00cf93000000ffff	# flat data
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
idt:
	.quad	0
	.quad	0
	.word	nmi0 - rom		# the NMI's gate; the upper half of rom's address is 0xf
	.word	8
	.word	0x8e00
	.word	0xf
idt_pointer:
	.word	. - idt - 1
	.long	idt

	.org	0xfff0
	ljmp	$0xf000, $0
	.org	0x10000
