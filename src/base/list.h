/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An intrusive, circular, doubly linked list: a node lies inside what it links. */
#ifndef MPBRIDGE_LIST_H
#define MPBRIDGE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* The body may remove the current node, and no other. */
#define list_for_each_safe(node, tmp, head)                                                        \
	for (struct list *node = (head)->next, *tmp = node->next; node != (head);                  \
	     node = tmp, tmp = node->next)

static inline void list_init(struct list *head)
{
	head->prev = head->next = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

/* A node that was initialised or removed is linked nowhere. */
static inline bool list_is_linked(const struct list *node)
{
	return node->next != node;
}

static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

/* Leaves the node initialised, so that removing it twice is harmless. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#endif
