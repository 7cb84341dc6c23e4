/* kernel_call.h -- raw system calls without a libc: for the init image and for what it shares with
 * libbase (below.c). Each returns the kernel's value: >= 0, or -errno. */
#ifndef BASE_KERNEL_CALL_H
#define BASE_KERNEL_CALL_H

#include <asm/unistd.h>

#if defined(__x86_64__)
__attribute__((always_inline)) static inline long kernel_call6(long number, long a, long b, long c,
							       long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__attribute__((always_inline)) static inline long kernel_call6(long number, long a, long b, long c,
							       long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}
#elif defined(__riscv) && __riscv_xlen == 64
__attribute__((always_inline)) static inline long kernel_call6(long number, long a, long b, long c,
							       long d, long e, long f)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}
#else
#error "the init image knows x86_64, aarch64 and riscv64: add the system call sequence here"
#endif

/* kernel_call(__NR_openat, dir, path, flags): missing arguments are 0. */
#define kernel_call(...) KERNEL_CALL_PADDED(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define KERNEL_CALL_PADDED(number, a, b, c, d, e, f, ...)                                          \
	kernel_call6((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
