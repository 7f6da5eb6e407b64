/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading an answer (daemon/answer.h): every key may be missing, and every value odd. Pure. */
#ifndef MPBRIDGE_READING_H
#define MPBRIDGE_READING_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The document, for json_object_put(); NULL: the text is no JSON object. */
struct json_object *reading_parse(const char *text);

/* A member, owned by the object; NULL: there is none, or `object` is none. */
struct json_object *reading_member(struct json_object *object, const char *key);

/* A number that is not negative. False: it is none, and *out is untouched. */
bool reading_get_number(struct json_object *object, const char *key, uint64_t *out);

/* The same; 0: it is none. */
uint64_t reading_number(struct json_object *object, const char *key);

/* A text, owned by the object; "-": it is none. */
const char *reading_text(struct json_object *object, const char *key);
bool reading_is_text(struct json_object *object, const char *key, const char *expected);

/* Whether it is there, and so. */
bool reading_is_false(struct json_object *object, const char *key);
bool reading_is_true(struct json_object *object, const char *key);

/* 0: it is no list. */
size_t reading_length(struct json_object *list);

#endif
