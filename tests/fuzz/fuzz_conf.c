/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a configuration file: a mistake is named, or the result keeps its promises. */
#include "conf/check.h"
#include "conf/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the rest of the program relies on without looking. */
static void assert_promises(const struct conf *conf)
{
	assert(conf->n_servers >= 1 && conf->n_servers <= CONF_SERVERS_MAX);
	assert(conf->n_locals <= 2 && (conf->role == CONF_SERVER || conf->n_locals > 0));
	assert(conf->server_port > 0 && conf->local_port > 0);
	assert(conf->timeout_s > 0 && conf->workers <= 64);
	assert(conf->n_paths <= CONF_PATHS_MAX && conf->n_allow <= CONF_NETS_MAX &&
	       conf->n_deny <= CONF_NETS_MAX);
	assert(conf->role == CONF_SERVER || conf->n_allow + conf->n_deny == 0);
	assert(conf->method && !conf->key == (method_key_bytes(conf->method) == 0));
	for (unsigned i = 0; i < conf->n_servers; i++)
		assert(conf->server[i].name[0] &&
		       memchr(conf->server[i].name, '\0', sizeof(conf->server[i].name)));
	for (unsigned i = 0; i < conf->n_servers && conf->role == CONF_CLIENT; i++)
		assert(conf->server[i].router < conf->n_routers &&
		       conf->server[i].router - (i ? conf->server[i - 1].router : 0u) <= 1);
	for (unsigned i = 0; i < conf->n_locals; i++)
		assert(conf->local[i].address.family != 0);
	for (unsigned i = 0; i < conf->n_paths; i++)
		assert(conf->path[i].interface[0] &&
		       memchr(conf->path[i].interface, '\0', IF_NAMESIZE) &&
		       memchr(conf->path[i].congestion.name, '\0', CONF_CONGESTION_BYTES));
}

static void assert_clean(const struct messages *list)
{
	for (unsigned i = 0; i < messages_kept(list); i++)
		for (const char *c = list->text[i]; *c; c++)
			assert((unsigned char)*c >= 0x20 && *c != 0x7f);
}

/* The role follows from the length, so that every file of the corpus is plain JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct messages errors, notes;
	struct draft draft;
	char *text = malloc(size + 1);

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&errors, 0, sizeof(errors));
	memset(&notes, 0, sizeof(notes));
	draft_init(&draft, size % 2 ? CONF_SERVER : CONF_CLIENT, &errors, &notes);
	json_read_text(&draft, "FILE", text, size);
	check_draft(&draft);
	if (errors.count == 0)
		assert_promises(&draft.conf);
	assert_clean(&errors);
	assert_clean(&notes);
	draft_exit(&draft);
	free(text);
	return 0;
}
