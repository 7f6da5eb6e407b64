/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dialog: the ciphers of one flow, a request and the response to it. */
#include "relay/dialog.h"

#include <stdlib.h>

struct dialog *dialog_new(const struct codec *codec)
{
	struct dialog *dialog = calloc(1, sizeof(*dialog));

	if (dialog)
		sealer_init(&dialog->sealer, codec, NULL);
	return dialog;
}

struct dialog *dialog_answer(const struct opener *opener)
{
	struct dialog *dialog = calloc(1, sizeof(*dialog));

	if (!dialog)
		return NULL;
	dialog->opener = *opener;
	sealer_init(&dialog->sealer, opener->codec, opener->salt);
	return dialog;
}

void dialog_free(struct dialog *dialog)
{
	if (!dialog)
		return;
	free(dialog->part);
	crypto_wipe(dialog, sizeof(*dialog));
	free(dialog);
}
