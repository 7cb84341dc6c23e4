/* oci_documents.c -- manifests, indexes, configs: what is read and what nobody may take for both.
 */
#include "base_case.h"

#include "image/oci.h"

#define HEX64          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIGEST         "sha256:" HEX64
#define DOCKER         "application/vnd.docker.distribution.manifest."

#define DESCRIPTOR     "{\"digest\":\"" DIGEST "\",\"size\":2}"
#define CONFIG         "\"config\":" DESCRIPTOR
#define LAYERS         "\"layers\":[" DESCRIPTOR "]"
#define MANIFESTS      "\"manifests\":[" DESCRIPTOR "]"
#define TYPE(type)     "\"mediaType\":\"" type "\""
#define DOCUMENT(rest) "{\"schemaVersion\":2," rest "}"

static struct oci_document document_of(const char *text, const char *type)
{
	return (struct oci_document){ text, strlen(text), "the-document", type };
}

/* clang-format off */
static const struct {
	const char *text, *served;
	enum oci_kind kind;
} kinds[] = {
	{ DOCUMENT(CONFIG "," LAYERS), NULL, OCI_MANIFEST },
	{ DOCUMENT(CONFIG "," LAYERS), "", OCI_MANIFEST },
	{ DOCUMENT(CONFIG "," LAYERS), "application/json; charset=utf-8", OCI_MANIFEST },
	{ DOCUMENT(CONFIG "," LAYERS), OCI_TYPE_MANIFEST "; charset=utf-8", OCI_MANIFEST },
	{ DOCUMENT(CONFIG "," LAYERS), DOCKER "v2+json", OCI_MANIFEST },
	{ DOCUMENT(TYPE(OCI_TYPE_MANIFEST) "," CONFIG "," LAYERS), OCI_TYPE_MANIFEST, OCI_MANIFEST },
	{ DOCUMENT(MANIFESTS), NULL, OCI_INDEX },
	{ DOCUMENT(MANIFESTS), OCI_TYPE_INDEX, OCI_INDEX },
	{ DOCUMENT(TYPE(DOCKER "list.v2+json") "," MANIFESTS), DOCKER "list.v2+json", OCI_INDEX },
	{ DOCUMENT("\"manifests\":[]"), NULL, OCI_INDEX },
	{ "{" CONFIG "," LAYERS "}", NULL, OCI_MANIFEST },
};

static const struct {
	const char *text, *served;
	int number;
} refused[] = {
	/* both, or another thing than it says (CVE-2021-41190) */
	{ DOCUMENT(MANIFESTS "," LAYERS), NULL, EINVAL },
	{ DOCUMENT(MANIFESTS "," CONFIG "," LAYERS), OCI_TYPE_INDEX, EINVAL },
	{ DOCUMENT(MANIFESTS "," CONFIG "," LAYERS), OCI_TYPE_MANIFEST, EINVAL },
	{ DOCUMENT(MANIFESTS ",\"layers\":[]"), NULL, EINVAL },
	{ DOCUMENT(MANIFESTS), OCI_TYPE_MANIFEST, EINVAL },
	{ DOCUMENT(CONFIG "," LAYERS), OCI_TYPE_INDEX, EINVAL },
	{ DOCUMENT(TYPE(OCI_TYPE_INDEX) "," CONFIG "," LAYERS), NULL, EINVAL },
	{ DOCUMENT(TYPE(OCI_TYPE_MANIFEST) "," MANIFESTS), NULL, EINVAL },
	{ DOCUMENT(TYPE(OCI_TYPE_INDEX) "," MANIFESTS), OCI_TYPE_MANIFEST, EINVAL },
	{ DOCUMENT(TYPE(OCI_TYPE_MANIFEST) "," CONFIG "," LAYERS), DOCKER "v2+json", EINVAL },
	/* the same key twice, which two readers read differently */
	{ DOCUMENT(CONFIG "," LAYERS "," LAYERS), NULL, EINVAL },
	{ DOCUMENT(TYPE(OCI_TYPE_MANIFEST) "," TYPE(OCI_TYPE_INDEX) "," MANIFESTS), NULL, EINVAL },
	/* neither */
	{ "{}", NULL, EINVAL },
	{ "[]", NULL, EINVAL },
	{ "", NULL, EINVAL },
	{ "not JSON", NULL, EINVAL },
	{ DOCUMENT(CONFIG "," LAYERS) "x", NULL, EINVAL },
	{ "{\"schemaVersion\":3," CONFIG "," LAYERS "}", NULL, EINVAL },
	{ DOCUMENT(CONFIG "," LAYERS), "application/vnd.example+json", ENOTSUP },
	{ DOCUMENT(CONFIG "," LAYERS), OCI_TYPE_CONFIG, ENOTSUP },
	/* Docker's first format */
	{ "{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, ENOTSUP },
	{ "{\"schemaVersion\":1," CONFIG "," LAYERS "}", NULL, ENOTSUP },
	{ DOCUMENT("\"fsLayers\":[]"), OCI_TYPE_MANIFEST, ENOTSUP },
	{ "{}", DOCKER "v1+json", ENOTSUP },
	{ "any", DOCKER "v1+prettyjws; q=1", ENOTSUP },
};
/* clang-format on */

static void test_index_and_manifest_are_told_apart(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct oci_document document = document_of(kinds[i].text, kinds[i].served);
		enum oci_kind kind = OCI_UNKNOWN;

		print_message("# %zu\n", i);
		assert_int_equal(oci_document_kind(&document, &kind, &test->err), 0);
		assert_int_equal(kind, kinds[i].kind);
	}
}

static void test_a_document_that_could_be_two_things_is_nobodys(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct oci_document document = document_of(refused[i].text, refused[i].served);
		struct oci_index index;
		struct oci_manifest manifest;
		enum oci_kind kind;

		print_message("# %s\n", refused[i].text);
		assert_int_equal(oci_manifest_read(&document, &manifest, &test->arena, NULL),
				 -refused[i].number);
		assert_int_equal(oci_index_read(&document, &index, &test->arena, NULL),
				 -refused[i].number);
		if (strstr(refused[i].text, LAYERS "," LAYERS))
			continue; /* told apart without looking inside twice is allowed */
		assert_int_equal(oci_document_kind(&document, &kind, &test->err),
				 -refused[i].number);
		assert_int_equal(strncmp(told(test), "the-document", 12), 0);
	}
}

static void test_schema_1_is_refused_with_a_hint(void **state)
{
	struct base_case *test = *state;
	struct oci_document document = document_of("{\"schemaVersion\":1}", NULL);
	enum oci_kind kind;

	assert_int_equal(oci_document_kind(&document, &kind, &test->err), -ENOTSUP);
	assert_non_null(strstr(told(test), "schema 1"));
	assert_true(test->err.hint[0]);
}

static int read_manifest(struct base_case *test, const char *text)
{
	struct oci_document document = document_of(text, NULL);
	struct oci_manifest manifest;

	return oci_manifest_read(&document, &manifest, &test->arena, &test->err);
}

static void test_what_is_wrong_with_a_descriptor_is_told_with_its_place(void **state)
{
	struct base_case *test = *state;

	assert_int_equal(
		read_manifest(test, DOCUMENT(CONFIG ",\"layers\":[" DESCRIPTOR
						    ",{\"digest\":\"" DIGEST "\",\"size\":-1}]")),
		-EINVAL);
	assert_non_null(strstr(told(test), "layers[1]: size is -1"));
	assert_int_equal(read_manifest(test, DOCUMENT("\"config\":{\"digest\":\"sha256:../x\","
						      "\"size\":1},\"layers\":[]")),
			 -EINVAL);
	assert_non_null(strstr(told(test), "config: invalid digest"));
	assert_int_equal(read_manifest(test, DOCUMENT("\"config\":{\"size\":1},\"layers\":[]")),
			 -EINVAL);
	assert_int_equal(read_manifest(test, DOCUMENT("\"config\":{\"digest\":\"" DIGEST
						      "\"},\"layers\":[]")),
			 -EINVAL);
	assert_int_equal(read_manifest(test, DOCUMENT(CONFIG ",\"layers\":[{\"digest\":\"" DIGEST
							     "\",\"size\":9223372036854775808}]")),
			 -EINVAL);
	assert_int_equal(read_manifest(test, DOCUMENT(CONFIG "," LAYERS ",\"subject\":{\"digest\":"
							     "\"x\",\"size\":1}")),
			 -EINVAL);
	assert_int_equal(read_manifest(test, DOCUMENT(LAYERS)), -EINVAL);
}

static void test_a_document_is_not_read_as_another_kind(void **state)
{
	struct base_case *test = *state;
	struct oci_document document = document_of(DOCUMENT(MANIFESTS), NULL);
	struct oci_manifest manifest;
	struct oci_index index;

	assert_int_equal(oci_manifest_read(&document, &manifest, &test->arena, &test->err),
			 -EINVAL);
	assert_non_null(strstr(told(test), "an index where a manifest"));
	assert_int_equal(oci_index_read(&document, &index, &test->arena, &test->err), 0);
	assert_int_equal(index.manifests.count, 1);
	assert_string_equal(index.manifests.items[0].digest, DIGEST);
	assert_int_equal(index.manifests.items[0].size, 2);
}

static void test_a_document_has_at_most_4_mib(void **state)
{
	struct base_case *test = *state;
	char *large = arena_alloc(&test->arena, OCI_DOCUMENT_LIMIT + 2);
	struct oci_manifest manifest;

	memset(large, ' ', OCI_DOCUMENT_LIMIT + 1);
	memcpy(large, DOCUMENT(CONFIG "," LAYERS), strlen(DOCUMENT(CONFIG "," LAYERS)));
	struct oci_document document = { large, OCI_DOCUMENT_LIMIT, "x", NULL };
	assert_int_equal(oci_manifest_read(&document, &manifest, &test->arena, &test->err), 0);
	document.length++;
	assert_int_equal(oci_manifest_read(&document, &manifest, &test->arena, &test->err), -EFBIG);
}

#define ROOTFS(type, ids) "{\"rootfs\":{\"type\":\"" type "\",\"diff_ids\":[" ids "]}}"

static int read_config(struct base_case *test, const char *text, struct oci_image_config *config)
{
	struct oci_document document = document_of(text, NULL);

	return oci_image_config_read(&document, config, &test->arena, &test->err);
}

static void test_a_config_says_which_layers(void **state)
{
	struct base_case *test = *state;
	struct oci_image_config config;

	assert_int_equal(read_config(test, ROOTFS("layers", "\"" DIGEST "\""), &config), 0);
	assert_int_equal(config.rootfs->diff_ids.count, 1);
	assert_int_equal(read_config(test, ROOTFS("layers+x", ""), &config), -EINVAL);
	assert_int_equal(read_config(test, ROOTFS("layers", "\"sha256:0\""), &config), -EINVAL);
	assert_non_null(strstr(told(test), "rootfs.diff_ids[0]"));
	assert_int_equal(read_config(test, "{}", &config), -EINVAL);
}

static void test_manifest_and_config_must_fit(void **state)
{
	struct base_case *test = *state;
	struct oci_descriptor layer = { .media_type = OCI_TYPE_LAYER_GZIP };
	struct oci_descriptor blob = { .media_type = OCI_TYPE_CONFIG };
	struct oci_manifest manifest = { .config = &blob, .layers = { &layer, 1 } };
	struct oci_image_config config;

	assert_int_equal(read_config(test, ROOTFS("layers", "\"" DIGEST "\""), &config), 0);
	assert_int_equal(oci_image_check(&manifest, &config, "x", &test->err), 0);
	layer.media_type = OCI_TYPE_LAYER_GZIP "+encrypted";
	assert_int_equal(oci_image_check(&manifest, &config, "x", &test->err), -ENOTSUP);
	assert_non_null(strstr(told(test), "the layer is encrypted"));
	layer.media_type = NULL;
	assert_int_equal(oci_image_check(&manifest, &config, "x", &test->err), -ENOTSUP);
	layer.media_type = OCI_TYPE_LAYER;
	blob.media_type = OCI_TYPE_EMPTY;
	assert_int_equal(oci_image_check(&manifest, &config, "x", &test->err), -ENOTSUP);
	blob.media_type = OCI_TYPE_CONFIG;
	manifest.layers.count = 0;
	assert_int_equal(oci_image_check(&manifest, &config, "x", &test->err), -EINVAL);
	assert_non_null(strstr(told(test), "0 layers, the config 1 diff_ids"));
}

static void test_a_layout_has_a_version_we_know(void **state)
{
	struct base_case *test = *state;
	struct oci_layout layout;
	struct oci_document document = document_of("{\"imageLayoutVersion\":\"1.0.0\"}", NULL);

	assert_int_equal(oci_layout_read(&document, &layout, &test->arena, &test->err), 0);
	document = document_of("{\"imageLayoutVersion\":\"2.0.0\"}", NULL);
	assert_int_equal(oci_layout_read(&document, &layout, &test->arena, &test->err), -ENOTSUP);
	document = document_of("{}", NULL);
	assert_int_equal(oci_layout_read(&document, &layout, &test->arena, &test->err), -EINVAL);
}

static void test_media_types_are_known_in_any_case_with_parameters(void **state)
{
	(void)state;
	assert_int_equal(oci_media_type(OCI_TYPE_LAYER_ZSTD "; x=y")->compression, OCI_ZSTD);
	assert_int_equal(oci_media_type("APPLICATION/VND.OCI.IMAGE.INDEX.V1+JSON")->kind,
			 OCI_INDEX);
	assert_int_equal(oci_media_type(NULL)->kind, OCI_UNKNOWN);
	assert_int_equal(oci_media_type("")->kind, OCI_UNKNOWN);
	assert_int_equal(oci_media_type(OCI_TYPE_LAYER "+lz4")->kind, OCI_UNKNOWN);
	assert_true(oci_media_type(DOCKER "v2+json")->docker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_index_and_manifest_are_told_apart),
		TEST(test_a_document_that_could_be_two_things_is_nobodys),
		TEST(test_schema_1_is_refused_with_a_hint),
		TEST(test_what_is_wrong_with_a_descriptor_is_told_with_its_place),
		TEST(test_a_document_is_not_read_as_another_kind),
		TEST(test_a_document_has_at_most_4_mib),
		TEST(test_a_config_says_which_layers),
		TEST(test_manifest_and_config_must_fit),
		TEST(test_a_layout_has_a_version_we_know),
		TEST(test_media_types_are_known_in_any_case_with_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
