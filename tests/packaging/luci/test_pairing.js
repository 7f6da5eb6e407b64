// SPDX-License-Identifier: GPL-3.0-or-later
// What the other router is to be told.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { Luci } = require('./runtime.js');
const { recorded } = require('./recorded.js');

const PAIRING = 'view.mpbridge.pairing';
const KEY = 'UjWWVHnymUTKq+MBcNB/2huAIwA1KQjuQocypUv6yh4=';
const peer = options => ({ '.type': 'peer', '.name': 'far', address: [ '10.10.1.2' ], ...options });
const server = options => ({ '.type': 'server', '.name': 'clients', ...options });

function show(sections, answer, options) {
	const luci = new Luci({ uci: { mpbridge: sections }, answer: () => answer, ...options });

	return luci.show(PAIRING);
}

function texts(shown) {
	return shown.all('pre').map(pre => pre.textContent);
}

test('of a client: its server, with the addresses that the client has on the links', async () => {
	const shown = await show([ peer({ method: 'none', port: '9000' }) ], recorded('client-now'));

	assert.deepStrictEqual(texts(shown), [
		`uci set mpbridge.main=mpbridge
uci set mpbridge.main.enabled='1'
uci -q delete mpbridge.clients
uci set mpbridge.clients=server
uci set mpbridge.clients.port='9000'
uci set mpbridge.clients.method='none'
uci add_list mpbridge.clients.allow='10.10.1.1'
uci add_list mpbridge.clients.allow='10.10.2.1'
uci add_list mpbridge.clients.allow='10.10.3.1'
uci add_list mpbridge.clients.zone='wan'
uci commit mpbridge
service mpbridge reload
`,
		`config mpbridge 'main'
	option enabled '1'

config server 'clients'
	option port '9000'
	option method 'none'
	list allow '10.10.1.1'
	list allow '10.10.2.1'
	list allow '10.10.3.1'
	list zone 'wan'
`
	]);
	assert.ok(shown.textContent.includes('nothing on the links is encrypted'));
});

test('of a server: its client, with the addresses by which clients come', async () => {
	const shown = await show([ server({ method: 'none' }) ], recorded('server-now'));

	assert.strictEqual(texts(shown)[1], `config mpbridge 'main'
	option enabled '1'

config peer 'far'
	list address '10.10.1.2'
	list address '10.10.2.2'
	option method 'none'

config intercept 'hosts'
	list zone 'lan'
`);
});

test('of a server that says where it listens', async () => {
	const shown = await show([ server({ method: 'none', listen_address: [ '10.10.9.2', '::' ] }) ], recorded('server-now'));

	assert.ok(texts(shown)[1].includes("list address '10.10.9.2'\n\toption"));
});

test('addresses are asked where they are not known', async () => {
	const shown = await show([ server({ method: 'auth-only', key: KEY }) ], recorded('none'));

	assert.ok(shown.textContent.includes('Name the addresses of this router.'));
	shown.all('input')[0].fire('input', { value: ' 10.10.1.2, fd00:10:2::2 ' });
	assert.ok(!shown.textContent.includes('Name the addresses'));
	assert.ok(texts(shown)[1].includes("list address '10.10.1.2'\n\tlist address 'fd00:10:2::2'\n"));
});

test('the key is shown when that is asked for', async () => {
	const shown = await show([ peer({ method: 'auth-only', key: KEY }) ], recorded('client-now'));
	const box = shown.all(input => input.attributes['type'] == 'checkbox')[0];

	assert.ok(!shown.textContent.includes(KEY));
	assert.ok(texts(shown)[0].includes("uci set mpbridge.clients.key='***'"));
	assert.ok(!texts(shown)[0].includes('allow'));
	box.fire('change', { checked: true });
	for (const text of texts(shown))
		assert.ok(text.includes(KEY));
	box.fire('change', { checked: false });
	assert.ok(!shown.textContent.includes(KEY));
});

test('a key that method none has no use for is not told', async () => {
	const shown = await show([ peer({ method: 'none', key: KEY }) ], recorded('client-now'));

	assert.ok(!texts(shown).join('').includes('key'));
});

test('whatever is in a password, it stays one word', async () => {
	const shown = await show([ peer({ method: 'aes-256-gcm', password: "it's $(reboot) `x` <b>" }) ], recorded('none'));

	shown.all(input => input.attributes['type'] == 'checkbox')[0].fire('change', { checked: true });
	assert.ok(texts(shown)[0].includes("password='it'\\''s $(reboot) `x` <b>'\n"));
});

test('what is asked stays one word, too', async () => {
	const shown = await show([ peer({ method: 'none' }) ], recorded('none'));

	shown.all('input')[0].fire('input', { value: "wan';reboot" });
	assert.ok(texts(shown)[0].includes("zone='wan'\\'';reboot'\n"));
});

test('settings that are not complete are told', async () => {
	assert.ok((await show([ peer({}) ], recorded('none'))).textContent.includes('no method yet'));
	assert.ok((await show([ peer({ method: 'auth-only' }) ], recorded('none'))).textContent.includes('no key yet'));
	assert.ok((await show([], recorded('none'))).textContent.includes('neither a far router nor a server yet'));
});

test('the first far router that is enabled counts; client and server at once have both', async () => {
	const sections = [ peer({ enabled: '0', method: 'none' }), peer({ method: 'auth-only', key: KEY }), server({ method: 'none' }) ];
	const shown = await show(sections, recorded('none'));

	assert.strictEqual(shown.all('h3').length, 2);
	assert.ok(texts(shown)[1].includes("option method 'auth-only'"));
});

test('who may only look is shown nothing, and nothing is read for it', async () => {
	const luci = new Luci({ uci: { mpbridge: [ peer({ method: 'auth-only', key: KEY }) ] }, isReader: true });
	const shown = await luci.show(PAIRING);

	assert.deepStrictEqual([ luci.loaded, luci.calls ], [ [], [] ]);
	assert.ok(shown.textContent.includes('You may see the state only'));
});

test('without the state, the settings are enough', async () => {
	const refuse = () => { throw new Error('no such object'); };

	assert.ok(texts(await show([ peer({ method: 'none' }) ], null, { answer: refuse }))[0].includes('mpbridge.clients=server'));
});
