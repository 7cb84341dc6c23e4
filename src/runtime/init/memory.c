/* memory.c -- the few string functions; mem* also because the compiler may call them. */
#include "init.h"

void *memset(void *to, int byte, size_t length)
{
	unsigned char *at = to;

	while (length-- > 0)
		*at++ = (unsigned char)byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t length)
{
	unsigned char *at = to;
	const unsigned char *source = from;

	while (length-- > 0)
		*at++ = *source++;
	return to;
}

void *memmove(void *to, const void *from, size_t length)
{
	unsigned char *at = to;
	const unsigned char *source = from;

	if (at <= source)
		return memcpy(to, from, length);
	while (length-- > 0)
		at[length] = source[length];
	return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
	const unsigned char *left = a, *right = b;

	for (; length > 0; left++, right++, length--)
		if (*left != *right)
			return *left - *right;
	return 0;
}

size_t text_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

bool text_same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

size_t text_copy(char *to, const char *from, size_t size)
{
	size_t length = text_length(from);
	size_t kept = length < size ? length : size - 1;

	memcpy(to, from, kept);
	to[kept] = '\0';
	return length;
}

size_t text_decimal(char *to, uint64_t value)
{
	char reversed[20];
	size_t length = 0;

	do {
		reversed[length++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < length; i++)
		to[i] = reversed[length - 1 - i];
	to[length] = '\0';
	return length;
}
