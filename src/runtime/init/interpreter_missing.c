/* interpreter_missing.c -- "no such file or directory" for a program that is there means that its
 * interpreter is not: say which (the line behind #!, or the ELF loader). */
#include <elf.h>

#include "calls.h"
#include "init.h"

#define HEAD_MOST 1024

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif

static void take_line(char *name, const char *from, size_t size)
{
	size_t length = 0;

	while (*from == ' ' || *from == '\t')
		from++;
	while (length < size - 1 && from[length] > ' ') {
		name[length] = from[length];
		length++;
	}
	name[length] = '\0';
}

static void take_elf_loader(int fd, const char *head, char *name, size_t size)
{
	const elf_header *header = (const void *)head;
	elf_segment segment;

	for (unsigned i = 0; i < header->e_phnum && i < 64; i++) {
		long at = (long)(header->e_phoff + i * sizeof(segment));

		if (kernel_call(__NR_pread64, fd, &segment, sizeof(segment), at) != sizeof(segment))
			return;
		if (segment.p_type != PT_INTERP || segment.p_filesz == 0 ||
		    segment.p_filesz >= size)
			continue;
		if (kernel_call(__NR_pread64, fd, name, segment.p_filesz, segment.p_offset) > 0)
			name[segment.p_filesz] = '\0';
		return;
	}
}

void name_missing_interpreter(struct init *init, const char *path)
{
	_Alignas(elf_header) char head[HEAD_MOST + 1] = { 0 };
	char name[160] = { 0 }, detail[MESSAGE_DETAIL];
	size_t length;
	int fd = call_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0)
		return;
	call_read(fd, head, HEAD_MOST);
	if (head[0] == '#' && head[1] == '!')
		take_line(name, head + 2, sizeof(name));
	else if (memcmp(head, ELFMAG, SELFMAG) == 0)
		take_elf_loader(fd, head, name, sizeof(name));
	call_close(fd);
	if (!*name)
		return;
	length = text_copy(detail, path, MESSAGE_DETAIL / 3);
	if (length >= MESSAGE_DETAIL / 3)
		length = MESSAGE_DETAIL / 3 - 1;
	length += text_copy(detail + length, "\": its interpreter \"", 64);
	text_copy(detail + length, name, sizeof(detail) - length);
	init_detail(init, detail);
}
