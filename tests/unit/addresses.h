/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of tests, from their text. */
#ifndef MPBRIDGE_ADDRESSES_H
#define MPBRIDGE_ADDRESSES_H

#include "suite.h"

#include "base/address.h"

static inline struct address ip(const char *text)
{
	struct address address = {0};

	assert_true(address_parse(text, &address));
	return address;
}

#endif
