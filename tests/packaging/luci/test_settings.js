// SPDX-License-Identifier: GPL-3.0-or-later
// The form of /etc/config/mpbridge.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { Luci } = require('./runtime.js');

const SETTINGS = 'view.mpbridge.settings';

function section(type, name, options) {
	return { '.type': type, '.name': name, ...options };
}

const UCI = {
	mpbridge: [
		section('mpbridge', 'main', { enabled: 'on' }),
		section('peer', 'old', { enabled: 'off', address: [ '10.30.1.2' ] }),
		section('peer', 'far', { address: [ '10.10.1.2', '10.10.2.2' ], method: 'auth-only', key: 'AAAA' }),
		section('peer', 'next', { address: [ '10.20.1.2' ] })
	],
	network: [ section('interface', 'loopback'), section('interface', 'lan'), section('interface', 'wan1'), section('device', 'dev') ],
	firewall: [ section('defaults', 'cfg1'), section('zone', 'cfg2', { name: 'lan' }), section('zone', 'cfg3', {}) ]
};

async function show(options) {
	const luci = new Luci({ uci: UCI, ...options });

	await luci.show(SETTINGS);
	return luci;
}

function find(luci, type, name) {
	return luci.maps[0].sections.find(section => section.type == type).options.find(option => option.option == name);
}

test('it is read from three files, and shown', async () => {
	const luci = await show();

	assert.deepStrictEqual(luci.loaded, [ 'mpbridge', 'network', 'firewall' ]);
	assert.deepStrictEqual(luci.maps[0].sections.map(section => section.type), [ 'mpbridge', 'peer', 'server', 'path', 'intercept' ]);
	assert.ok(luci.shown.textContent.includes('Addresses: 10.10.1.2,10.10.2.2'));
});

test('who may only look is shown no settings, and nothing is read for it', async () => {
	const luci = await show({ isReader: true });

	assert.deepStrictEqual([ luci.loaded, luci.maps ], [ [], [] ]);
	assert.ok(luci.shown.textContent.includes('You may see the state only'));
	assert.deepStrictEqual([ luci.page.handleSave, luci.page.handleSaveApply, luci.page.handleReset ], [ null, null, null ]);
});

test('all of UCI\'s words for yes and no are understood', async () => {
	const luci = await show();

	assert.strictEqual(find(luci, 'mpbridge', 'enabled').cfgvalue('main'), '1');
	assert.strictEqual(find(luci, 'peer', 'enabled').cfgvalue('old'), '0');
	assert.strictEqual(find(luci, 'peer', 'enabled').cfgvalue('far'), null);
	assert.strictEqual(find(luci, 'peer', 'enabled').default, '1');
});

test('interfaces and zones are those that there are', async () => {
	const luci = await show();
	const names = (type, name) => find(luci, type, name).choices.map(([ value ]) => value);

	assert.deepStrictEqual(names('path', 'interface'), [ 'lan', 'wan1' ]);
	assert.deepStrictEqual(names('intercept', 'zone'), [ 'lan' ]);
	assert.deepStrictEqual(names('server', 'zone'), [ 'lan' ]);
});

test('a second section of a kind of which there is one cannot be added', async () => {
	const luci = await show();
	const buttons = luci.shown.all('button').map(button => button.textContent);

	assert.deepStrictEqual(buttons, [ 'Add a far router', 'Add a server', 'Add a link', 'Add interception' ]);
});

test('with several far routers the first that is enabled says what is common', async () => {
	const luci = await show();
	const method = find(luci, 'peer', 'method'), port = find(luci, 'peer', 'port'), key = find(luci, 'peer', 'key');

	assert.strictEqual(method.validate('far', 'none'), true);
	assert.strictEqual(method.validate('far', ''), 'Choose a method.');
	assert.strictEqual(method.validate('next', ''), true);
	for (const option of [ method, port, key ])
		assert.ok(option.validate('next', '1').startsWith('The first far router says this'));
	assert.strictEqual(port.validate('next', ''), true);
});

test('what the first far router says is asked with it only, but for a value that is there', async () => {
	const luci = await show();

	for (const name of [ 'port', 'method', 'key', '_keygen', 'local_address' ])
		assert.deepStrictEqual([ 'far', 'next' ].map(id => find(luci, 'peer', name).checkDepends(id)), [ true, false ]);
	for (const name of [ 'enabled', 'address' ])
		assert.deepStrictEqual([ 'far', 'next' ].map(id => find(luci, 'peer', name).checkDepends(id)), [ true, true ]);
	assert.strictEqual(find(luci, 'peer', 'transparent_source').checkDepends('next'), false);
	assert.strictEqual(find(luci, 'peer', 'transparent_source').validate('next', '1').slice(0, 20), 'The first far router');
	luci.uci.mpbridge[3].port = '9000';
	assert.strictEqual(find(luci, 'peer', 'port').checkDepends('next'), true);
	delete luci.uci.mpbridge[3].port;
});

test('a method that has a key needs one, or a password', async () => {
	const luci = await show();
	const far = luci.uci.mpbridge[2];
	const validate = value => find(luci, 'peer', 'key').validate('far', value);

	assert.strictEqual(validate('AAAA'), true);
	assert.strictEqual(validate(''), 'This method needs a key.');
	far.password = 'x';
	assert.strictEqual(validate(''), true);
	assert.strictEqual(find(luci, 'peer', 'password').validate('far', 'x'), 'A key or a password, not both.');
	for (const same of [ '', 'AAAA' ])
		assert.strictEqual(find(luci, 'peer', 'password').validate('far', same), true);
	delete far.password;
	far.method = 'none';
	assert.strictEqual(validate(''), true);
	far.method = 'auth-only';
});

test('the key is hidden, and kept while the method has none', async () => {
	const luci = await show();

	for (const type of [ 'peer', 'server' ])
		for (const name of [ 'key', 'password' ]) {
			const option = find(luci, type, name);
			assert.ok(option.password && option.retain);
			assert.deepStrictEqual(option.dependencies, [ [ { 'method': 'none', '!reverse': true } ] ]);
		}
});

test('a new key is made for the method that is chosen', async () => {
	const luci = await show({ answer: (object, method, { method: name }) => ({ key: 'new key for ' + name }) });

	await find(luci, 'peer', '_keygen').onclick({}, 'far');
	assert.deepStrictEqual(luci.calls, [ [ 'mpbridge', 'keygen', { method: 'auth-only' } ] ]);
	assert.deepStrictEqual(luci.filled, { 'far.key': 'new key for auth-only' });
});

test('no new key without a method, or where none could be made', async () => {
	const luci = await show();

	await find(luci, 'peer', '_keygen').onclick({}, 'next');
	await find(luci, 'peer', '_keygen').onclick({}, 'far');
	assert.deepStrictEqual(luci.notifications, [ 'Choose a method that has a key first.', 'No key could be made.' ]);
	assert.deepStrictEqual(luci.filled, {});
});

test('a mark is one bit', async () => {
	const luci = await show();
	const { validate } = find(luci, 'intercept', 'mark');

	assert.strictEqual(find(luci, 'server', 'transparent_mark').validate('x', '3'), validate('x', '3'));
	for (const mark of [ '', '0x40000000', '0X8', '1', '2147483648', '0x80000000' ])
		assert.strictEqual(validate('x', mark), true, mark);
	for (const mark of [ '3', '0x3', '0', '0x', '0x100000000', '4294967296', '8x', '-8', '0.5' ])
		assert.notStrictEqual(validate('x', mark), true, mark);
});
