// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for LuCI's runtime, so that its pages run in node: what they ask of rpcd and UCI is answered
// from tables, forms are remembered instead of drawn, and time passes when a test says so.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { document, isNode } = require('./elements.js');

const RESOURCES = path.join(__dirname,
	'../../../packaging/openwrt/luci-app-mpbridge/htdocs/luci-static/resources');
const REQUIRE = /^require +(\S+)(?: +as +(\w+))?$/;

// cbi.js gives strings this; %d, %s and %% are all that is used here.
String.prototype.format = function(...values) {
	return this.replace(/%([sd%])/g, (all, kind) => {
		if (kind == '%')
			return '%';
		const value = values.shift();
		return (kind == 'd') ? String(Math.trunc(value)) : String(value);
	});
};

// ---- classes ----

class Base {
	static extend(properties) {
		const parent = this;
		const made = class extends parent {};

		for (const name of Object.keys(properties))
			made.prototype[name] = properties[name];
		made.prototype.super = function(name, args) {
			return parent.prototype[name].apply(this, args);
		};
		return made;
	}
}

// ---- elements ----

const dom = {
	append(node, children) {
		if (Array.isArray(children))
			for (const child of children)
				if (isNode(child))
					node.appendChild(child);
				else if (child != null)
					node.appendChild(document.createTextNode(child));
		if (isNode(children))
			node.appendChild(children);
		else if (children != null && !Array.isArray(children))
			node.innerHTML = children; // as LuCI does it with a text that stands alone
	},

	content(node, children) {
		node.children = [];
		dom.append(node, children);
	}
};

function E(tag, ...rest) {
	if (Array.isArray(tag))
		return E('#fragment', {}, tag);
	const hasAttributes = rest[0] != null && typeof(rest[0]) == 'object' && !Array.isArray(rest[0]) && !isNode(rest[0]);
	const attributes = hasAttributes ? rest.shift() : {};
	const node = (tag == '#fragment') ? document.createDocumentFragment() : document.createElement(tag);

	for (const [ name, value ] of Object.entries(attributes))
		if (typeof(value) == 'function')
			node.addEventListener(name, value);
		else if (value != null)
			node.setAttribute(name, value);
	dom.append(node, rest[0]);
	return node;
}

// ---- forms: remembered ----

class Option extends Base {
	constructor(section, widget, name, title, help) {
		super();
		Object.assign(this, { section, widget, option: name, title, help, choices: [], dependencies: [] });
	}

	value(key, text) {
		this.choices.push([ key, text ?? key ]);
	}

	depends(...dependency) {
		this.dependencies.push(dependency);
	}

	cfgvalue(id) {
		return this.section.formvalue(id, this.option);
	}

	checkDepends() {
		return true;
	}

	validate() {
		return true;
	}
}

function makeForm(luci) {
	const widgets = {};

	for (const name of [ 'Value', 'Flag', 'ListValue', 'MultiValue', 'DynamicList', 'Button' ])
		widgets[name] = { widget: name };

	class TypedSection extends Base {
		option(widget, name, title, help) {
			const option = new Option(this, widget.widget, name, title, help);
			this.options.push(option);
			return option;
		}

		cfgsections() {
			return luci.modules.uci.sections('mpbridge', this.type).map(section => section['.name']);
		}

		renderSectionAdd() {
			return E('button', {}, [ this.addbtntitle ?? 'Add' ]);
		}

		formvalue(id, name) {
			return luci.modules.uci.get('mpbridge', id, name);
		}

		getUIElement(id, name) {
			return { setValue: value => { luci.filled[[ id, name ].join('.')] = value; }, triggerValidation() {} };
		}

		render() {
			const rows = this.cfgsections().flatMap(id => this.options.map(option =>
				E('div', {}, [ option.title, ': ', String(option.cfgvalue(id) ?? '') ])));
			return E('div', {}, [ E('h3', {}, [ this.title ]), ...rows, this.renderSectionAdd() ]);
		}
	}

	class Map extends Base {
		constructor(config, title, help) {
			super();
			Object.assign(this, { config, title, help, sections: [] });
			luci.maps.push(this);
		}

		section(kind, type, title, help) {
			const section = Object.assign(new kind(), { type, title, help, options: [] });
			this.sections.push(section);
			return section;
		}

		render() {
			return Promise.resolve(E('div', {}, [ E('h2', {}, [ this.title ]), ...this.sections.map(section => section.render()) ]));
		}
	}

	return { Map, TypedSection, GridSection: class extends TypedSection {}, ...widgets };
}

// ---- what pages ask of the router ----

function makeRpc(luci) {
	return {
		declare({ object, method, params, expect }) {
			luci.declared.push([ object, method ]);
			return (...args) => {
				const named = Object.fromEntries((params ?? []).map((name, i) => [ name, args[i] ]));
				const [ [ key, otherwise ] ] = Object.entries(expect);

				luci.calls.push([ object, method, named ]);
				return Promise.resolve().then(() => luci.answer(object, method, named)?.[key] ?? otherwise);
			};
		}
	};
}

function makeUci(luci) {
	return {
		load(name) {
			luci.loaded.push(name);
			return Promise.resolve();
		},
		sections: (config, type) => (luci.uci[config] ?? []).filter(section => section['.type'] == type),
		get: (config, id, name) => (luci.uci[config] ?? []).find(section => section['.name'] == id)?.[name]
	};
}

function makeUi(luci) {
	return {
		createHandlerFn: (self, name, ...args) => ev => self[name](...args, ev),
		showModal(title, children) {
			luci.modal = E('div', {}, [ E('h4', {}, [ title ]), ...children ]);
		},
		hideModal() {
			luci.modal = null;
		},
		addNotification(title, child) {
			luci.notifications.push(child.textContent);
		}
	};
}

// ---- a browser with a page ----

class Luci {
	// answer(object, method, args): what ubus says; uci: {config: [{'.type', '.name', ...}]}; execute(command,
	// args): {code, stdout, stderr}.
	constructor({ answer, uci, execute, isReader } = {}) {
		Object.assign(this, {
			answer: answer ?? (() => null), uci: uci ?? {}, translated: new Set(),
			declared: [], calls: [], loaded: [], executed: [], maps: [], notifications: [], filled: {}, polls: [], modal: null
		});
		const view = class extends Base {};
		const poll = { add: step => this.polls.push(step) };
		const exec = (command, args) => {
			this.executed.push([ command, ...args ]);
			return Promise.resolve(execute?.(command, args));
		};

		this.modules = { baseclass: Base, view, dom, poll, fs: { exec }, rpc: makeRpc(this), uci: makeUci(this), ui: makeUi(this) };
		this.modules.form = makeForm(this);
		this.globals = {
			E, document,
			L: {
				hasViewPermission: () => !isReader,
				resolveDefault: (promise, otherwise) => Promise.resolve(promise).catch(() => otherwise)
			},
			_: text => {
				this.translated.add(text);
				return text;
			}
		};
	}

	// As LuCI loads a file: the strings at its top name what it needs, and it is the body of a function.
	require(name) {
		if (!(name in this.modules)) {
			const made = this.run(fs.readFileSync(path.join(RESOURCES, name.split('.').join('/') + '.js'), 'utf8'));
			this.modules[name] = new made();
		}
		return this.modules[name];
	}

	run(source) {
		const names = Object.keys(this.globals), values = Object.values(this.globals);

		for (const [ , directive ] of source.matchAll(/^'([^']*)';$/gm)) {
			const match = directive.match(REQUIRE);
			if (match) {
				names.push(match[2] ?? match[1].replace(/\W/g, '_'));
				values.push(this.require(match[1]));
			}
		}
		return new Function(...names, source)(...values);
	}

	// Shows a view, or a part of the overview; the element.
	async show(name) {
		this.page = this.require(name);
		this.shown = await this.page.render(await this.page.load());
		return this.shown;
	}

	// Each poll comes once.
	async tick() {
		for (const step of this.polls)
			await step();
		return this.shown;
	}
}

module.exports = { Luci, RESOURCES };
