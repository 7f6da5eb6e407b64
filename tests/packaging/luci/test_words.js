// SPDX-License-Identifier: GPL-3.0-or-later
// Figures, words and points.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { Luci } = require('./runtime.js');
const { changed, recorded } = require('./recorded.js');

const words = new Luci().require('mpbridge.words');

test('figures are those of mpbridge status', () => {
	assert.deepStrictEqual([ 0, 999, 1000, 9994, 9996, 48300, 999499, 999500, 174518471 ].map(words.bytes),
		[ '0 B', '999 B', '1.00 kB', '9.99 kB', '10.0 kB', '48.3 kB', '999 kB', '1.00 MB', '175 MB' ]);
	assert.deepStrictEqual([ 59, 994, 13400, 99940, 99960, 999000, 1500000 ].map(words.roundTrip),
		[ '0.06 ms', '0.99 ms', '13.4 ms', '99.9 ms', '100 ms', '999 ms', '1.50 s' ]);
	assert.deepStrictEqual([ 0, 0.00004, 0.0056, 0.012, 0.5 ].map(words.share), [ '0 %', '0 %', '0.56 %', '1.2 %', '50 %' ]);
	assert.deepStrictEqual([ 0, 14000, 61000, 3600000, 200000000 ].map(words.age), [ '0 s', '14 s', '1 min', '1 h', '2 d' ]);
	assert.strictEqual(words.rate(94.1e6), '94.1 Mbit/s');
});

test('what is not known is a dash', () => {
	for (const unknown of [ null, undefined, NaN, 'x' ])
		assert.deepStrictEqual([ words.bytes, words.rate, words.roundTrip, words.share, words.age ].map(say => say(unknown)),
			[ '-', '-', '-', '-', '-' ]);
});

test('each state has a word, and one that is not known is shown', () => {
	assert.deepStrictEqual([ 'up', 'suspect', 'down', 'absent', 'guarded', 'new' ].map(state => words.state({ state }).level),
		[ 'good', 'warning', 'bad', 'bad', 'warning', 'warning' ]);
	assert.strictEqual(words.state({ state: 'new' }).word, 'new');
	assert.strictEqual(words.state({}).word, '-');
});

test('health is told in a sentence', () => {
	const say = (name, change) => words.health(changed(name, change ?? (() => {})).daemons[0]);

	assert.deepStrictEqual(say('client-now'), { level: 'warning', text: '2 of 3 links work' });
	assert.deepStrictEqual(say('client-ipv6'), { level: 'good', text: '2 of 2 links work' });
	assert.deepStrictEqual(say('client-without-mptcp'), { level: 'bad', text: 'this kernel has no MPTCP' });
	assert.deepStrictEqual(say('client-now', daemon => { daemon.paths = []; }), { level: 'bad', text: 'no link is known' });
	assert.deepStrictEqual(say('client-now', daemon => daemon.paths.forEach(path => { path.state = 'down'; })),
		{ level: 'bad', text: 'no link works' });
});

// A path that was left to others for a while.
const SECONDARY = {
	scavenger: true, far_scavenger: true, yielding: true, yields: 3, yielded_ms: 61000,
	capacity: 12500000, others: 6250000, queue_us: 4000
};

test('what a link is for is told where it is not the usual', () => {
	const say = change => words.role({ role: 'secondary', secondary: { ...SECONDARY, ...change } });

	assert.deepStrictEqual([ {}, { role: 'primary', secondary: null }, { role: 'backup', secondary: null } ].map(words.role),
		[ '', '', 'backup' ]);
	assert.strictEqual(say({}), 'secondary, others use about 50.0 Mbit/s, left to them 3 times, for 1 min in all');
	assert.strictEqual(say({ others: 0, yields: 0 }), 'secondary, others use about 0 bit/s');
	assert.strictEqual(say({ others: null, yields: 0, scavenger: false, far_scavenger: false }), 'secondary, no scavenger here');
	assert.strictEqual(say({ others: null, yields: 0, far_scavenger: false }), 'secondary, no scavenger at the far router');
	assert.strictEqual(say({ others: null, yields: 0, far_scavenger: undefined }), 'secondary'); // a server
});

test('a link that is left to others works', () => {
	const yields = { state: 'guarded', cause: 'yields' };
	const state = words.state(yields);

	assert.deepStrictEqual([ state.word, state.level ], [ 'guarded', 'good' ]);
	assert.ok(state.help.includes('left to them'));
	assert.ok(words.state({ state: 'guarded', cause: 'too-slow' }).help.includes('slow the others down'));
	assert.deepStrictEqual(words.health(changed('client-ipv6', daemon => Object.assign(daemon.paths[1], yields)).daemons[0]),
		{ level: 'good', text: '2 of 2 links work' });
});

test('notes tell what asks for a look', () => {
	const told = changed('client-now', daemon => Object.assign(daemon, {
		state: 'stopping', subflow_figures: 'none: no inet_diag', flows_fell_back: 2, refused_for_time: 3,
		interception: { mode: 'tproxy', complete: false, restored: 4 }
	}));
	const text = words.notes(told.daemons[0]).map(note => note.text).join('\n');

	for (const part of [ 'not complete', 'put back 4 times', 'stopping', 'no inet_diag', 'one link only: 2', '30 seconds: 3' ])
		assert.ok(text.includes(part), part);
	assert.deepStrictEqual(words.notes(recorded('client-now').daemons[0]), []);
});

test('rates are the growth between two answers of one daemon', () => {
	const history = words.newHistory();
	const before = recorded('client-before').daemons, now = recorded('client-now').daemons;
	const betweenMs = now[0].clock_ms - before[0].clock_ms;

	history.add(before);
	assert.strictEqual(history.ratesOf(before[0], before[0].paths[0]).sending, null);
	history.add(now);
	assert.strictEqual(history.ratesOf(now[0], now[0].paths[0]).sending,
		(now[0].paths[0].seen_sent - before[0].paths[0].seen_sent) * 8000 / betweenMs);
	assert.ok(history.ratesOf(now[0]).sending > 100e6);
	history.add(now); // an answer that came twice
	assert.ok(history.ratesOf(now[0]).sending > 100e6);
	assert.strictEqual(history.samplesOf(now[0], now[0].paths[0]).length, 1);
});

test('a daemon that was started again begins anew', () => {
	const history = words.newHistory();

	history.add(recorded('client-before').daemons);
	const again = changed('client-now', daemon => { daemon.pid += 1; }).daemons;
	history.add(again);
	assert.strictEqual(history.ratesOf(again[0]).sending, null);
	const less = changed('client-now', daemon => {
		daemon.clock_ms += 5000;
		daemon.paths[0].seen_sent = 0;
	}).daemons;
	history.add(less);
	assert.strictEqual(history.ratesOf(less[0], less[0].paths[0]).sending, null);
});

test('the past is kept for as long as it is drawn', () => {
	const history = words.newHistory();
	const answer = recorded('client-before').daemons;

	for (let i = 0; i < 200; i++) {
		answer[0].clock_ms += 3000;
		answer[0].paths[0].seen_sent += 3000000;
		history.add(answer);
	}
	const samples = history.samplesOf(answer[0], answer[0].paths[0]);
	assert.strictEqual(samples.length, 60);
	assert.strictEqual(history.peakOf(answer[0]), 8e6);
	const points = words.points(samples, 'sending', 8e6, answer[0].clock_ms, 150, 34).split(' ');
	assert.strictEqual(points.length, 60);
	assert.strictEqual(points[59], '150.0,0.5');
	assert.ok(words.points(samples, 'receiving', 8e6, answer[0].clock_ms, 150, 34).endsWith('150.0,33.5'));
});

test('points without traffic are a line at the foot', () => {
	assert.strictEqual(words.points([ { ms: 5, sending: 0 } ], 'sending', 0, 5, 150, 34), '150.0,33.5');
});
