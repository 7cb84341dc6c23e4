/* keys.c -- the public keys of a requirement: files, or base64 in the policy itself. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/file.h"
#include "trust_private.h"

#define KEY_MOST (4 << 20)

bool base64_decode(const char *encoded, struct text *bytes)
{
	size_t length = strlen(encoded), used = 0;
	auto_text struct text plain = { 0 };
	int decoded;

	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r\n", encoded[i]))
			text_add_bytes(&plain, encoded + i, 1);
	if (!plain.length || plain.length % 4 || plain.length > KEY_MOST)
		return false;
	text_clear(bytes);
	text_reserve(bytes, plain.length);
	decoded = EVP_DecodeBlock((unsigned char *)bytes->data, (unsigned char *)plain.data,
				  (int)plain.length);
	if (decoded < 0)
		return false;
	while (used < 2 && plain.data[plain.length - 1 - used] == '=')
		used++;
	bytes->length = (size_t)decoded - used;
	bytes->data[bytes->length] = '\0';
	return true;
}

static int load_file(const char *path, struct key *key, struct error *err)
{
	key->name = path;
	return file_read(AT_FDCWD, path, KEY_MOST, &key->bytes, err);
}

static int load_data(const char *encoded, struct key *key, struct error *err)
{
	key->name = "the policy's key data";
	return base64_decode(encoded, &key->bytes) ? 0 : fail(err, EINVAL, "not base64");
}

int keys_load(const struct requirement *requirement, struct arena *arena, struct keys *keys,
	      struct error *err)
{
	const struct strings *paths = &requirement->key_paths, *data = &requirement->key_data;

	keys->items = arena_array(arena, paths->count + data->count, sizeof(*keys->items));
	for (size_t i = 0; i < paths->count; i++)
		TRY(load_file(paths->items[i], &keys->items[keys->count++], err));
	for (size_t i = 0; i < data->count; i++)
		TRY(load_data(data->items[i], &keys->items[keys->count++], err));
	return 0;
}

void keys_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		text_free(&keys->items[i].bytes);
	keys->count = 0;
}
