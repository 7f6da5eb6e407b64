// SPDX-License-Identifier: GPL-3.0-or-later
// What daemons answered once, see record.py, and changes to it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

function recorded(name) {
	return JSON.parse(fs.readFileSync(path.join(__dirname, 'recorded', name + '.json'), 'utf8'));
}

// The answers one after another, the last one again and again.
function inTurn(...answers) {
	return () => (answers.length > 1) ? answers.shift() : answers[0];
}

// One of them, changed: change(daemon).
function changed(name, change) {
	const answer = recorded(name);

	answer.daemons.forEach(change);
	return answer;
}

module.exports = { changed, inTurn, recorded };
