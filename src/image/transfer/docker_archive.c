/* docker_archive.c -- what `docker save` writes, as an image layout of Docker's own documents.
 *
 * manifest.json names a config and the layers' tars for each image. From them a schema 2 manifest
 * is made for each, so that everything behind this file knows layouts only. The layers keep their
 * bytes: their digests are those of the files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "base/file.h"
#include "base/json.h"
#include "base/own.h"

#define DOCKER "application/vnd.docker."

/* clang-format off */
#define SAVED_ROWS(ROW, T) \
	ROW(T, string,  config,    "Config",   none, required) \
	ROW(T, strings, repo_tags, "RepoTags", none, optional) \
	ROW(T, strings, layers,    "Layers",   none, always)
JSON_STRUCT(saved_image, SAVED_ROWS);
JSON_SHAPE(saved_image, SAVED_ROWS);

#define SAVED_LIST_ROWS(ROW, T) \
	ROW(T, objects, images, "images", saved_image, required)
JSON_STRUCT(saved_list, SAVED_LIST_ROWS);
JSON_SHAPE(saved_list, SAVED_LIST_ROWS);
/* clang-format on */

struct conversion {
	const struct source *source;
	const struct archive_members *members;
	struct arena *arena;
	struct oci_index index;
	size_t room;
};

static int need_member(const struct conversion *conversion, const char *name,
		       const struct member **member, struct error *err)
{
	*member = archive_member(conversion->members, name, conversion->arena);
	if (!*member)
		return fail(err, ENOENT, "the archive %s has no %s",
			    conversion->source->reference->directory, name);
	return 0;
}

/* A layer may serve several images, and then is there already. */
static int place(const struct conversion *conversion, const struct member *member,
		 struct error *err)
{
	int dir = conversion->members->dir;
	const char *path =
		arena_format(conversion->arena, "blobs/sha256/%s", digest_hex(member->digest));

	if (linkat(dir, member->file, dir, path, 0) < 0 && errno != EEXIST)
		return fail_call(err, "linkat", "cannot unpack %s", member->name);
	return 0;
}

static const char *layer_type(const struct conversion *conversion, const struct member *member)
{
	auto_close int fd =
		openat(conversion->members->dir, member->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned char magic[4] = { 0 };

	if (fd < 0 || pread(fd, magic, sizeof(magic), 0) != sizeof(magic))
		return DOCKER "image.rootfs.diff.tar";
	if (magic[0] == 0x1f && magic[1] == 0x8b)
		return DOCKER "image.rootfs.diff.tar.gzip";
	if (!memcmp(magic, "\x28\xb5\x2f\xfd", 4))
		return DOCKER "image.rootfs.diff.tar.zstd";
	return DOCKER "image.rootfs.diff.tar";
}

static int describe(const struct conversion *conversion, const char *name, const char *type,
		    struct oci_descriptor *descriptor, struct error *err)
{
	const struct member *member;

	TRY(need_member(conversion, name, &member, err));
	TRY(place(conversion, member, err));
	*descriptor = (struct oci_descriptor){
		.media_type = (char *)(type ? type : layer_type(conversion, member)),
		.digest = arena_string(conversion->arena, member->digest),
		.size = member->size,
	};
	return 0;
}

static int write_blob(const struct conversion *conversion, const struct text *text,
		      struct oci_descriptor *descriptor, struct error *err)
{
	char digest[DIGEST_SIZE];
	auto_close int blobs =
		openat(conversion->members->dir, "blobs/sha256", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (blobs < 0)
		return fail_call(err, "openat", "cannot open blobs/sha256");
	digest_of(DIGEST_SHA256, text->data, text->length, digest);
	descriptor->digest = arena_string(conversion->arena, digest);
	descriptor->size = (int64_t)text->length;
	return file_replace(blobs, digest_hex(digest),
			    &(struct file_content){ text->data, text->length, 0600, false }, err);
}

static void add_entry(struct conversion *conversion, const struct oci_descriptor *descriptor,
		      const char *tag)
{
	struct oci_index *index = &conversion->index;
	struct oci_descriptor *entry;
	struct reference name;

	if (index->manifests.count == conversion->room) {
		struct oci_descriptor *more;

		conversion->room = conversion->room ? 2 * conversion->room : 16;
		more = arena_array(conversion->arena, conversion->room, sizeof(*more));
		if (index->manifests.count)
			memcpy(more, index->manifests.items,
			       index->manifests.count * sizeof(*more));
		index->manifests.items = more;
	}
	entry = &index->manifests.items[index->manifests.count++];
	*entry = *descriptor;
	entry->annotations = (struct string_map){ 0 };
	if (tag && reference_parse_name(tag, conversion->arena, &name, NULL) == 0)
		string_map_set(&entry->annotations, (char *)OCI_REF_NAME,
			       reference_format(&name, conversion->arena), conversion->arena);
}

static int convert_image(struct conversion *conversion, const struct saved_image *saved,
			 struct error *err)
{
	static char type[] = DOCKER "distribution.manifest.v2+json";
	struct oci_descriptor config, descriptor = { .media_type = type };
	struct oci_manifest manifest = { .schema_version = 2, .media_type = type };
	auto_text struct text text = { 0 };

	TRY(describe(conversion, saved->config, DOCKER "container.image.v1+json", &config, err));
	manifest.config = &config;
	manifest.layers.items = arena_array(conversion->arena, saved->layers.count + 1,
					    sizeof(*manifest.layers.items));
	for (size_t i = 0; i < saved->layers.count; i++)
		TRY(describe(conversion, saved->layers.items[i], NULL,
			     &manifest.layers.items[manifest.layers.count++], err));
	json_write(&oci_manifest_shape, &manifest, false, &text);
	TRY(write_blob(conversion, &text, &descriptor, err));
	for (size_t i = 0; i < saved->repo_tags.count; i++)
		add_entry(conversion, &descriptor, saved->repo_tags.items[i]);
	if (!saved->repo_tags.count)
		add_entry(conversion, &descriptor, NULL);
	return 0;
}

/* manifest.json is an array, which our shapes are not: it gets a name in front. */
static int read_list(const struct conversion *conversion, struct saved_list *list,
		     struct error *err)
{
	auto_text struct text file = { 0 }, named = { 0 };
	const struct member *member;

	TRY(need_member(conversion, "manifest.json", &member, err));
	TRY(file_read(conversion->members->dir, member->file, OCI_DOCUMENT_LIMIT, &file, err));
	text_format(&named, "{\"images\":%s}", file.data ? file.data : "");
	return json_read(&(struct json_source){ named.data, named.length, "manifest.json" },
			 &saved_list_shape, list, conversion->arena, NULL, err);
}

static int write_documents(const struct conversion *conversion, struct error *err)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	auto_text struct text text = { 0 };
	int dir = conversion->members->dir;

	json_write(&oci_index_shape, &conversion->index, false, &text);
	TRY(file_replace(dir, "index.json",
			 &(struct file_content){ text.data, text.length, 0600, false }, err));
	return file_replace(dir, "oci-layout",
			    &(struct file_content){ layout, strlen(layout), 0600, false }, err);
}

int docker_archive_convert(const struct source *source, const struct archive_members *members,
			   struct arena *arena, struct error *err)
{
	struct conversion conversion = { .source = source,
					 .members = members,
					 .arena = arena,
					 .index = { .schema_version = 2 } };
	struct saved_list list;

	TRY(read_list(&conversion, &list, err));
	for (size_t i = 0; i < list.images.count; i++)
		TRY(convert_image(&conversion, &list.images.items[i], err));
	return write_documents(&conversion, err);
}
