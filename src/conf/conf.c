/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration: the file, then the flags, then the checks of the whole. */
#include "conf/conf.h"

#include "conf/check.h"
#include "conf/credential.h"
#include "conf/draft.h"
#include "conf/flags.h"
#include "conf/json.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int conf_read(enum conf_role role, int argc, char **argv, struct conf *out, struct messages *errors,
	      struct messages *notes)
{
	struct draft draft;
	const char *file;
	bool is_help;

	draft_init(&draft, role, errors, notes);
	flags_peek(role, argc, argv, &file, &is_help);
	if (file)
		json_read_file(&draft, file);
	flags_read(&draft, argc, argv);
	check_draft(&draft);
	if (errors->count == 0)
		*out = draft_take(&draft);
	draft_exit(&draft);
	return errors->count == 0 ? 0 : -EINVAL;
}

void conf_exit(struct conf *conf)
{
	credential_free(conf->key);
	conf->key = NULL;
}

uint8_t conf_router_of(const struct conf *conf, const struct address *server)
{
	for (unsigned i = 0; i < conf->n_servers; i++)
		if (address_ip_equal(&conf->server[i].address, server))
			return conf->server[i].router;
	return 0;
}

enum conf_on_peer_down conf_peer_down_of(const struct conf *conf, sa_family_t family)
{
	return family == AF_INET6 ? conf->on_peer_down_ipv6 : conf->on_peer_down;
}

bool conf_intercepts(const struct conf_intercept *intercept, const char *interface)
{
	for (unsigned i = 0; i < intercept->n_interfaces; i++)
		if (strcmp(intercept->interface[i].name, interface) == 0)
			return true;
	return false;
}

uint32_t conf_pass_mark(const struct conf *conf)
{
	return conf->intercept.mark == 1 ? 2 : conf->intercept.mark >> 1;
}

bool conf_has_same_key(const struct conf *a, const struct conf *b)
{
	if (a->method != b->method || !a->key != !b->key)
		return false;
	return !a->key || crypto_equal(a->key, b->key, method_key_bytes(a->method));
}

bool conf_is_transparent(const struct conf *conf)
{
	if (conf->intercept.is_given)
		return conf->intercept.mode != CONF_INTERCEPT_REDIRECT;
	return conf->tcp_tproxy;
}

bool conf_shows_hosts(const struct conf *conf)
{
	return conf->role == CONF_SERVER && conf->transparent_source;
}

bool conf_has_rules(const struct conf *conf)
{
	return conf->intercept.is_given || conf_shows_hosts(conf);
}

bool conf_has_marks(const struct conf *conf)
{
	for (unsigned i = 0; i < conf->n_paths; i++)
		if (conf->path[i].dscp != CONF_DSCP_NONE)
			return true;
	return false;
}

bool conf_asks_help(enum conf_role role, int argc, char **argv)
{
	const char *file;
	bool is_help;

	flags_peek(role, argc, argv, &file, &is_help);
	return is_help;
}
