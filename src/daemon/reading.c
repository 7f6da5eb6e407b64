/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading an answer: every key may be missing, and every value odd. */
#include "daemon/reading.h"

#include <string.h>

#define DEPTH_MAX 16

struct json_object *reading_parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *root;

	if (!tokener)
		return NULL;
	root = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    !json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

struct json_object *reading_member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

bool reading_get_number(struct json_object *object, const char *key, uint64_t *out)
{
	struct json_object *value = reading_member(object, key);
	int64_t number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < 0)
		return false;
	*out = (uint64_t)number;
	return true;
}

uint64_t reading_number(struct json_object *object, const char *key)
{
	uint64_t number = 0;

	reading_get_number(object, key, &number);
	return number;
}

const char *reading_text(struct json_object *object, const char *key)
{
	struct json_object *value = reading_member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "-";
}

bool reading_is_text(struct json_object *object, const char *key, const char *expected)
{
	return strcmp(reading_text(object, key), expected) == 0;
}

static bool is_boolean(struct json_object *value, bool expected)
{
	return json_object_is_type(value, json_type_boolean) &&
	       json_object_get_boolean(value) == expected;
}

bool reading_is_false(struct json_object *object, const char *key)
{
	return is_boolean(reading_member(object, key), false);
}

bool reading_is_true(struct json_object *object, const char *key)
{
	return is_boolean(reading_member(object, key), true);
}

size_t reading_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}
