/* image.S -- the init image's bytes, as linked, inside libcoffer. */
	.section .rodata
	.globl init_image, init_image_end
	.hidden init_image, init_image_end
	.balign 16
init_image:
	.incbin "init-image"
init_image_end:
	.section .note.GNU-stack, "", %progbits
