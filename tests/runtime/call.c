/* call.c -- make system calls and say what the kernel answered: "0", or "errno 38"; "--value"
 * first: the value instead of "0". The number and up to six arguments stand on the command line;
 * --32 asks through int 0x80 on x86_64. Several calls are parted by "--". For containers that have
 * nothing but it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long call_32(const long number[7])
{
#ifdef __x86_64__
	long result = number[0];

	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(number[1]), "c"(number[2]), "d"(number[3]), "S"(number[4]),
			   "D"(number[5])
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
#else
	return -ENOSYS;
#endif
}

static long call_native(const long number[7])
{
	long result = syscall(number[0], number[1], number[2], number[3], number[4], number[5],
			      number[6]);

	return result < 0 ? -errno : result;
}

int main(int argc, char **argv)
{
	const int with_value = argc > 1 && !strcmp(argv[1], "--value");

	for (int at = 1 + with_value; at < argc; at++) {
		long number[7] = { 0 }, result;
		int is_32 = !strcmp(argv[at], "--32");

		at += is_32;
		for (int i = 0; at < argc && strcmp(argv[at], "--"); at++, i++)
			number[i] = strtol(argv[at], NULL, 0);
		result = is_32 ? call_32(number) : call_native(number);
		if (result < 0)
			printf("errno %ld\n", -result);
		else
			printf("%ld\n", with_value ? result : 0);
		fflush(stdout);
	}
	return 0;
}
