// SPDX-License-Identifier: GPL-3.0-or-later
// As much of a browser's document as LuCI's pages need. Markup is never read: what a page puts into
// innerHTML is an error, because it may have come from a network.
'use strict';

class Text {
	constructor(data) {
		this.data = String(data);
	}

	get textContent() {
		return this.data;
	}
}

class Element {
	constructor(tag, namespace) {
		this.tag = tag;
		this.namespace = namespace ?? null;
		this.attributes = {};
		this.children = [];
		this.listeners = {};
	}

	// A fragment's children move; the fragment itself is nothing.
	appendChild(node) {
		if (node.tag == '#fragment')
			this.children.push(...node.children.splice(0));
		else
			this.children.push(node);
		return node;
	}

	setAttribute(name, value) {
		this.attributes[name] = String(value);
	}

	addEventListener(name, listener) {
		this.listeners[name] = listener;
	}

	// What a user does: the handler gets an event with this element as its target.
	fire(name, properties) {
		return this.listeners[name]({ target: Object.assign(this, properties), currentTarget: this });
	}

	get textContent() {
		return this.children.map(child => child.textContent).join('');
	}

	set innerHTML(markup) {
		throw new Error('a text was given as markup: ' + markup);
	}

	// All elements below that are as wanted; `wanted` is a tag or a predicate.
	all(wanted) {
		const isWanted = (typeof(wanted) == 'string') ? element => element.tag == wanted : wanted;
		const elements = this.children.filter(child => child instanceof Element);

		return elements.flatMap(child => [ ...(isWanted(child) ? [ child ] : []), ...child.all(wanted) ]);
	}

	// The texts of the cells of each row, without the head.
	rows() {
		return this.all('tr').map(row => row.all('td').map(cell => cell.textContent)).filter(row => row.length);
	}
}

const document = {
	createElement: tag => new Element(tag),
	createElementNS: (namespace, tag) => new Element(tag, namespace),
	createTextNode: data => new Text(data),
	createDocumentFragment: () => new Element('#fragment')
};

const isNode = value => value instanceof Element || value instanceof Text;

module.exports = { Element, document, isNode };
