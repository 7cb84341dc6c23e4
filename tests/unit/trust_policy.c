/* trust_policy.c -- policy.json: what is refused when it is read, which scope a name has, what a
 * signature must say. */
#include "base_case.h"

#include "trust_private.h"

#define ACCEPT "[{\"type\":\"insecureAcceptAnything\"}]"
#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct trust *read_policy(struct base_case *test, const char *content)
{
	struct text text = { (char *)content, strlen(content), 0 };
	const struct trust *trust = NULL;

	test->err = (struct error){ 0 };
	return policy_read(&text, "p", &test->arena, &trust, &test->err) == 0 ? trust : NULL;
}

/* clang-format off */
#define ONE(requirement) "{\"default\":[" requirement "]}"
#define SIGNED(rest) ONE("{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\"," rest "}")
#define SIGSTORE(rest) ONE("{\"type\":\"sigstoreSigned\"," rest "}")
static const char *const bad[][2] = {
	{ "", "1:1): expected \"{\", found the end of the file" },
	{ "{}", "1:1): the policy has no \"default\"" },
	{ "{\"default\":[]}", "1:12): an empty list of requirements" },
	{ "{\"default\":{}}", "1:12): default: expected a list, found a table" },
	{ "{\"default\":" ACCEPT ",\"default\":" ACCEPT "}", "1:48): \"default\" is set twice (first in line 1)" },
	{ "{\"default\":" ACCEPT ",\n\"transport\":{}}", "2:13): unknown key \"transport\"" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"docker\":[]}}", "2:24): expected a table of scopes, found a list" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"docker\":{\"\":{}}}}", "2:28): expected a list of requirements, found a table" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"docker\":{\"a*.io\":" ACCEPT "}}}", "2:33): the scope \"a*.io\" is not *.DOMAIN, HOST, or a name below it" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"oci\":{\"x\":" ACCEPT "}}}", "2:26): the scope \"x\" is not an absolute path below /" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"dir\":{\"/\":" ACCEPT "}}}", "2:26): the scope \"/\" is not an absolute path below /" },
	{ "{\"default\":null}", "1:12): default: expected a list, found null" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":null}", "2:14): transports: expected a table, found null" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"docker\":null}}", "2:24): expected a table of scopes, found null" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"docker\":{\"a.io\":null}}}", "2:32): expected a list of requirements, found null" },
	{ "{\"default\":" ACCEPT ",\n\"transports\":{\"docker\":{\"a.io\":null,\"a.io\":" ACCEPT "}}}", "2:37): \"a.io\" is set twice (first in line 2)" },
	{ ONE("null"), "1:13): expected a table with a \"type\", found null" },
	{ ONE("{\"type\":null}"), "1:21): \"type\" must be a string" },
	{ SIGNED("\"keyPath\":\"/k\",\"signedIdentity\":null"), "1:84): signedIdentity: expected a table, found null" },
	{ ONE("1"), "1:13): expected a table with a \"type\", found a number" },
	{ ONE("{}"), "1:13): \"type\" must be a string" },
	{ ONE("{\"type\":\"accept\"}"), "1:21): unknown kind of requirement \"accept\"" },
	{ ONE("{\"type\":\"reject\",\"why\":\"x\"}"), "1:36): unknown key \"why\"" },
	{ ONE("{\"type\":\"signedBy\",\"keyPath\":\"/k\"}"), "1:13): \"keyType\" is missing" },
	{ ONE("{\"type\":\"signedBy\",\"keyType\":\"PGP\",\"keyPath\":\"/k\"}"), "1:42): keyType: \"PGP\" is none of GPGKeys|signedByGPGKeys|X509Certificates|signedByX509CAs" },
	{ SIGNED("\"keyPath\":\"/k\",\"keyData\":\"YQ==\""), "1:13): exactly one of keyPath, keyPaths, keyData must be there" },
	{ SIGNED("\"keyPaths\":[]"), "1:13): an empty list of keys" },
	{ SIGNED("\"keyData\":\"*\""), "1:13): key data that is not base64" },
	{ SIGNED("\"keyDatas\":[\"YQ==\"]"), "1:63): unknown key \"keyDatas\"" },
	{ SIGNED("\"keyPath\":\"/k\",\"signedIdentity\":{\"type\":\"any\"}"), "1:92): unknown kind of identity \"any\"" },
	{ SIGNED("\"keyPath\":\"/k\",\"signedIdentity\":{\"type\":\"exactReference\",\"dockerReference\":\"a.io/x\"}"), "1:84): \"dockerReference\" must be a name with tag or digest" },
	{ SIGNED("\"keyPath\":\"/k\",\"signedIdentity\":{\"type\":\"exactRepository\",\"dockerRepository\":\"a.io/x:1\"}"), "1:84): \"dockerRepository\" must be a name without tag and digest" },
	{ SIGNED("\"keyPath\":\"/k\",\"signedIdentity\":{\"type\":\"remapIdentity\",\"prefix\":\"a.io\"}"), "1:84): \"prefix\" and \"signedPrefix\" must be HOST[:PORT][/NAMESPACE]" },
	{ SIGSTORE("\"rekorPublicKeyPath\":\"/k\""), "1:13): exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio and pki must be there" },
	{ SIGSTORE("\"keyType\":\"GPGKeys\",\"keyPath\":\"/k\""), "1:48): unknown key \"keyType\"" },
};
/* clang-format on */

static void a_wrong_policy_is_refused_with_line_and_column(void **state)
{
	struct base_case *test = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_null(read_policy(test, bad[i][0]));
		assert_string_equal(told(test),
				    arena_format(&test->arena, "p (line %s", bad[i][1]));
	}
}

static void what_is_not_implemented_is_read_and_meets_no_image(void **state)
{
	struct base_case *test = *state;
	static const char *const cases[] = {
		SIGSTORE("\"fulcio\":{\"caPath\":\"/"
			 "c\",\"oidcIssuer\":\"x\",\"subjectEmail\":\"y\"}"),
		SIGSTORE("\"pki\":{}"),
		SIGSTORE("\"keyPath\":\"/k\",\"rekorPublicKeyData\":\"YQ==\""),
		ONE("{\"type\":\"signedBaseLayer\",\"baseLayerIdentity\":{}}"),
		ONE("{\"type\":\"signedBy\",\"keyType\":\"X509Certificates\",\"keyPath\":\"/k\"}"),
	};
	static const char *const names[] = { "fulcio", "pki", "rekorPublicKey", "signedBaseLayer",
					     "X509Certificates" };
	struct reference name;

	assert_int_equal(reference_parse("a.io/x", &test->arena, &name, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct trust *trust = read_policy(test, cases[i]);
		const struct trust_image image = { .name = &name, .manifest = "", .length = 0 };

		assert_non_null(trust);
		assert_int_equal(trust_check(trust, &image, &test->err), -EPERM);
		assert_string_equal(told(test),
				    arena_format(&test->arena,
						 "a.io/x:latest: refused by p (line 1:13): %s is "
						 "not implemented here, so no image meets it",
						 names[i]));
	}
}

/* Every scope requires a signature of a kind of its own line, so that the line says which it was.
 */
static const char *const scoped = "{\"default\":\n[{\"type\":\"reject\"}],\n"
				  "\"transports\":{\"docker\":{\n"
				  "\"a.io/ns/repo:1\":[\n{\"type\":\"reject\"}],\n"
				  "\"a.io/ns/repo\":[\n{\"type\":\"reject\"}],\n"
				  "\"a.io/ns\":[\n{\"type\":\"reject\"}],\n"
				  "\"a.io:5000\":[\n{\"type\":\"reject\"}],\n"
				  "\"*.b.io\":[\n{\"type\":\"reject\"}],\n"
				  "\"\":[\n{\"type\":\"reject\"}]},\n"
				  "\"oci\":{\"/srv/images\":[\n{\"type\":\"reject\"}]},\n"
				  "\"atomic\":{\"anything\":[{\"type\":\"reject\"}]}}}";

static void the_most_specific_scope_decides_alone(void **state)
{
	struct base_case *test = *state;
	const struct trust *trust = read_policy(test, scoped);
	static const struct {
		const char *name;
		unsigned line;
	} cases[] = {
		{ "a.io/ns/repo:1", 5 },
		{ "a.io/ns/repo:2", 7 },
		{ "a.io/ns/repo@" DIGEST, 7 },
		{ "a.io/ns/repo:1@" DIGEST, 7 },
		{ "a.io/ns/other", 9 },
		{ "a.io/nsx/other", 15 },
		{ "a.io:5000/ns/x", 11 },
		{ "x.y.b.io:80/z", 13 },
		{ "b.io/z", 15 },
		{ "alpine", 15 },
		{ "oci:/srv/images/a/b:x", 17 },
		{ "oci:/srv/other", 2 },
		{ "oci-archive:/srv/images/a", 2 },
		{ "docker-archive:/srv/images/a", 2 },
	};

	assert_non_null(trust);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct requirements *found;
		struct reference name;

		assert_int_equal(reference_parse(cases[i].name, &test->arena, &name, NULL), 0);
		found = scope_find(trust, &name, &test->arena);
		if (found->items[0].place->line != cases[i].line)
			print_message("%s\n", cases[i].name);
		assert_int_equal(found->items[0].place->line, cases[i].line);
	}
}

static void a_signature_stands_for_the_names_that_its_identity_allows(void **state)
{
	struct base_case *test = *state;
	static const struct {
		struct identity identity;
		const char *image, *signed_name;
		bool matches;
	} cases[] = {
		{ { 0 }, "a.io/x:1", "a.io/x:1", true },
		{ { 0 }, "a.io/x:1", "a.io/x:2", false },
		{ { 0 }, "a.io/x", "a.io/x", false }, /* no tag was signed */
		{ { 0 }, "a.io/x", "a.io/x:latest", true },
		{ { 0 }, "a.io/x@" DIGEST, "a.io/x:2", true },
		{ { 0 }, "a.io/x@" DIGEST, "a.io/x", true },
		{ { 0 }, "a.io/x@" DIGEST, "a.io/y:2", false },
		{ { 0 }, "alpine:3", "docker.io/library/alpine:3", true },
		{ { 0 }, "alpine:3", "alpine:3", true },
		{ { 0 }, "a.io/x:1", "", false },
		{ { 0 }, "a.io/x:1", "A/B/C", false },
		{ { 0 }, "dir:/x", "a.io/x:1", false },
		{ { MATCH_EXACT, 0 }, "a.io/x@" DIGEST, "a.io/x:2", false },
		{ { MATCH_EXACT, 0 }, "a.io/x@" DIGEST, "a.io/x@" DIGEST, true },
		{ { MATCH_EXACT, 0 }, "a.io/x:1", "a.io/x:1", true },
		{ { MATCH_REPOSITORY, 0 }, "a.io/x:1", "a.io/x:2", true },
		{ { MATCH_REPOSITORY, 0 }, "a.io/x:1", "a.io/x", true },
		{ { MATCH_REPOSITORY, 0 }, "a.io/x:1", "a.io/y:1", false },
		{ { EXACT_REFERENCE, .reference = "b.io/y:1" }, "a.io/x:1", "b.io/y:1", true },
		{ { EXACT_REFERENCE, .reference = "b.io/y:1" }, "dir:/x", "b.io/y:1", true },
		{ { EXACT_REFERENCE, .reference = "b.io/y:1" }, "a.io/x:1", "b.io/y", false },
		{ { EXACT_REPOSITORY, .repository = "b.io/y" }, "a.io/x:1", "b.io/y:7", true },
		{ { EXACT_REPOSITORY, .repository = "b.io/y" }, "a.io/x:1", "a.io/x:1", false },
		{ { REMAP_IDENTITY, .prefix = "a.io", .signed_prefix = "b.io/z" },
		  "a.io/x:1",
		  "b.io/z/x:1",
		  true },
		{ { REMAP_IDENTITY, .prefix = "a.io", .signed_prefix = "b.io/z" },
		  "a.io/x:1",
		  "a.io/x:1",
		  false },
		{ { REMAP_IDENTITY, .prefix = "a.io/n", .signed_prefix = "b.io" },
		  "a.io/nn/x:1",
		  "a.io/nn/x:1",
		  true },
		{ { REMAP_IDENTITY, .prefix = "a.io", .signed_prefix = "b.io" },
		  "a.io/x@" DIGEST,
		  "b.io/x:7",
		  true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reference image;

		assert_int_equal(reference_parse(cases[i].image, &test->arena, &image, NULL), 0);
		if (identity_matches(&cases[i].identity, &image, cases[i].signed_name) !=
		    cases[i].matches)
			print_message("%s, signed %s\n", cases[i].image, cases[i].signed_name);
		assert_int_equal(identity_matches(&cases[i].identity, &image, cases[i].signed_name),
				 cases[i].matches);
	}
}

#define PAYLOAD(critical)                                                                          \
	"{\"critical\":{" critical "},\"optional\":{\"creator\":\"x\",\"timestamp\":1}}"
#define TYPE  "\"type\":\"T\","
#define IMAGE "\"image\":{\"docker-manifest-digest\":\"" DIGEST "\"},"
#define NAME  "\"identity\":{\"docker-reference\":\"a.io/x:1\"}"
#define WORDS "the signed payload (line 1:"

static void a_payload_is_for_this_manifest_and_this_name_or_nothing(void **state)
{
	struct base_case *test = *state;
	static const char *const cases[][2] = {
		{ PAYLOAD(TYPE IMAGE NAME), "" },
		{ "{\"critical\":{" TYPE IMAGE NAME "},\"optional\":null}", "" },
		{ "{\"critical\":{" TYPE IMAGE NAME "},\"optional\":[]}",
		  WORDS "189): \"optional\" is not a table" },
		{ "{\"critical\":null}", WORDS "13): critical: expected a table, found null" },
		{ PAYLOAD("\"type\":\"S\"," IMAGE NAME), "the signature is a \"S\", not a \"T\"" },
		{ PAYLOAD(TYPE "\"image\":{\"docker-manifest-digest\":\"sha256:x\"}," NAME),
		  "signed: invalid digest \"sha256:x\": must be sha256:HEX or sha512:HEX" },
		{ PAYLOAD(TYPE IMAGE "\"identity\":{\"docker-reference\":\"a.io/x:2\"}"),
		  "the signature is for the name \"a.io/x:2\"" },
		{ PAYLOAD(TYPE IMAGE NAME ",\"more\":\"x\""), WORDS "184): unknown key \"more\"" },
		{ PAYLOAD(TYPE NAME), WORDS "13): \"type\", \"image\" or \"identity\" is missing" },
		{ "{}", WORDS "1): \"critical\" is missing" },
		{ "not json", WORDS "1): expected \"{\", found \"not\"" },
	};
	static const struct identity identity = { 0 };
	struct reference name;
	struct trust_image image = { .name = &name, .manifest = "", .length = 0 };
	const struct payload_question question = { &image, &identity, "T" };

	assert_int_equal(reference_parse("a.io/x:1", &test->arena, &name, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct text text = { (char *)cases[i][0], strlen(cases[i][0]), 0 };

		test->err = (struct error){ 0 };
		if (payload_check(&question, &text, &test->err) == 0)
			assert_string_equal("", cases[i][1]);
		else
			assert_string_equal(told(test), cases[i][1]);
	}
	image.manifest = "x";
	image.length = 1;
	assert_int_equal(
		payload_check(&question,
			      &(struct text){ (char *)cases[0][0], strlen(cases[0][0]), 0 },
			      &test->err),
		-EBADMSG);
	assert_true(text_starts(test->err.what, "the signature is for " DIGEST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wrong_policy_is_refused_with_line_and_column),
		TEST(what_is_not_implemented_is_read_and_meets_no_image),
		TEST(the_most_specific_scope_decides_alone),
		TEST(a_signature_stands_for_the_names_that_its_identity_allows),
		TEST(a_payload_is_for_this_manifest_and_this_name_or_nothing),
	};

	return cmocka_run_group_tests_name("policy.json", tests, NULL, NULL);
}
