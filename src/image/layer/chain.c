/* chain.c -- ChainIDs: the name of a layer together with everything below it. */
#include "image/layer.h"

#include <stdio.h>
#include <string.h>

#include "image/digest.h"

void layer_chain_id(const char *parent_chain, const char *diff_id, char chain[LAYER_DIFF_ID_SIZE])
{
	char both[2 * LAYER_DIFF_ID_SIZE], digest[DIGEST_SIZE];
	int length;

	if (!parent_chain || !parent_chain[0]) {
		snprintf(chain, LAYER_DIFF_ID_SIZE, "%s", diff_id);
		return;
	}
	length = snprintf(both, sizeof(both), "%s %s", parent_chain, diff_id);
	digest_of(DIGEST_SHA256, both, (size_t)length, digest);
	memcpy(chain, digest, LAYER_DIFF_ID_SIZE);
}
