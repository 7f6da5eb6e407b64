/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two configurations that fit together, written for a list of links. Pure but for memory. */
#include "cli/pair_text.h"

#include "conf/syntax.h"
#include "crypto/crypto.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_BYTES 128 /* longer than any address and interface */

static bool read_interface(const char *text, struct pair_link *link)
{
	if (!syntax_is_interface(text))
		return false;
	snprintf(link->interface, sizeof(link->interface), "%.*s", IF_NAMESIZE - 1, text);
	return true;
}

/* "10.10.1.1", "wan1", or "10.10.1.1%wan1". The text is cut up. */
static bool read_client(char *text, struct pair_link *link)
{
	char *interface = strchr(text, '%');

	if (address_parse(text, &link->client))
		return true;
	if (!interface)
		return read_interface(text, link);
	*interface++ = '\0';
	return address_parse(text, &link->client) && read_interface(interface, link);
}

const char *pair_read_link(const char *text, struct pair_link *out)
{
	const char *equals = strchr(text, '=');
	struct pair_link link = {0};
	char client[CLIENT_BYTES];
	const char *problem;

	if (equals) {
		if (equals - text >= CLIENT_BYTES)
			return "too long";
		snprintf(client, sizeof(client), "%.*s", (int)(equals - text), text);
		if (!read_client(client, &link))
			return "before the = stands neither an address nor an interface nor "
			       "ADDRESS%INTERFACE";
		text = equals + 1;
	}
	problem = syntax_read_host(text, &link.server);
	if (!problem)
		*out = link;
	return problem;
}

const char *pair_find_gap(const struct pair *pair)
{
	unsigned interfaces = 0, clients = 0;

	for (unsigned i = 0; i < pair->n_links; i++) {
		interfaces += pair->link[i].interface[0] != '\0';
		clients += pair->link[i].client.family != 0;
	}
	if (interfaces != 0 && interfaces != pair->n_links)
		return "some links have an interface, and others do not: name that of each, or "
		       "none";
	if (clients != 0 && clients != pair->n_links)
		return "some links have an address of the client, and others do not: name that of "
		       "each, or none";
	return NULL;
}

/* ---- writing ---- */

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static bool is_server_known(const struct pair *pair, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (strcmp(pair->link[i].server.name, pair->link[index].server.name) == 0)
			return true;
	return false;
}

/* Several links may lead to one address. */
static struct json_object *servers(const struct pair *pair)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < pair->n_links; i++)
		if (!is_server_known(pair, i))
			json_object_array_add(list,
					      json_object_new_string(pair->link[i].server.name));
	return list;
}

static bool has_names(const struct pair *pair)
{
	for (unsigned i = 0; i < pair->n_links; i++)
		if (pair->link[i].server.address.family == 0)
			return true;
	return false;
}

static struct json_object *paths(const struct pair *pair)
{
	struct json_object *list = json_object_new_array();
	char ip[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < pair->n_links; i++) {
		struct json_object *path = json_object_new_object();

		add_text(path, "interface", pair->link[i].interface);
		if (pair->link[i].client.family != 0)
			add_text(path, "address", address_format_ip(&pair->link[i].client, ip));
		json_object_array_add(list, path);
	}
	return list;
}

static struct json_object *allowed(const struct pair *pair)
{
	struct json_object *list = json_object_new_array();
	char ip[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < pair->n_links; i++)
		json_object_array_add(
			list, json_object_new_string(address_format_ip(&pair->link[i].client, ip)));
	return list;
}

static struct json_object *build(const struct pair *pair, enum conf_role role)
{
	struct json_object *root = json_object_new_object();

	if (role == CONF_CLIENT || !has_names(pair))
		json_object_object_add(root, "server", servers(pair));
	json_object_object_add(root, "server_port", json_object_new_int(pair->port));
	if (role == CONF_CLIENT)
		json_object_object_add(root, "local_port", json_object_new_int(1080));
	add_text(root, "method", pair->method->name);
	if (pair->key)
		add_text(root, "password", pair->key);
	if (role == CONF_CLIENT && pair->link[0].interface[0])
		json_object_object_add(root, "paths", paths(pair));
	if (role == CONF_SERVER && pair->link[0].client.family != 0)
		json_object_object_add(root, "allow", allowed(pair));
	return root;
}

char *pair_write(const struct pair *pair, enum conf_role role)
{
	struct json_object *root = build(pair, role);
	const char *json = json_object_to_json_string_ext(
		root,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *text = NULL;

	if (!json || asprintf(&text, "%s\n", json) < 0)
		text = NULL;
	json_object_put(root);
	return text;
}

void pair_free(char *text)
{
	if (text)
		crypto_wipe(text, strlen(text));
	free(text);
}
