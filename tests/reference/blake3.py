# SPDX-License-Identifier: GPL-3.0-or-later
"""BLAKE3 after its paper, section 2: hash() and derive_key() of bytes, all at once.

An input is cut into chunks of 1024 bytes, the leaves of a binary tree whose left subtrees are
full; a parent's message is the two chaining values below it. The root is compressed once for each
64 bytes of the result.
"""
import functools
import struct

_IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
       0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
_COLUMNS_AND_DIAGONALS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_ROUNDS = 7
_CHUNK_BYTES = 1024
_BLOCK_BYTES = 64
_MASK = 0xFFFFFFFF

_CHUNK_START = 1 << 0
_CHUNK_END = 1 << 1
_PARENT = 1 << 2
_ROOT = 1 << 3
_DERIVE_KEY_CONTEXT = 1 << 5
_DERIVE_KEY_MATERIAL = 1 << 6


def hash(data, length=32):
    """The hash of data, of any length."""
    return _tree(_IV, data, 0, 0).root(length)


def derive_key(context, material, length=32):
    """A key of any length; context: a text that stands for one purpose."""
    return _tree(_context_key(context), material, 0, _DERIVE_KEY_MATERIAL).root(length)


@functools.lru_cache
def _context_key(context):
    key = _tree(_IV, context.encode(), 0, _DERIVE_KEY_CONTEXT).root(32)
    return struct.unpack("<8L", key)


def _mix(v, a, b, c, d, x, y):
    """The paper's G: quarter of a round."""
    v[a] = v[a] + v[b] + x & _MASK
    v[d] = _rotate(v[d] ^ v[a], 16)
    v[c] = v[c] + v[d] & _MASK
    v[b] = _rotate(v[b] ^ v[c], 12)
    v[a] = v[a] + v[b] + y & _MASK
    v[d] = _rotate(v[d] ^ v[a], 8)
    v[c] = v[c] + v[d] & _MASK
    v[b] = _rotate(v[b] ^ v[c], 7)


def _rotate(word, count):
    return (word >> count | word << 32 - count) & _MASK


class _Node:
    """A node of the tree, before its last compression: only the root's is different."""

    def __init__(self, chaining, block, counter, flags):
        self._chaining = chaining
        self._length = len(block)
        self._words = struct.unpack("<16L", block.ljust(_BLOCK_BYTES, b"\0"))
        self._counter = counter
        self._flags = flags

    def _compress(self, counter, flags):
        words = self._words
        v = [*self._chaining, *_IV[:4], counter & _MASK, counter >> 32, self._length, flags]
        for _ in range(_ROUNDS):
            for number, places in enumerate(_COLUMNS_AND_DIAGONALS):
                _mix(v, *places, words[2 * number], words[2 * number + 1])
            words = [words[place] for place in _PERMUTATION]
        return ([v[i] ^ v[i + 8] for i in range(8)] +
                [v[i + 8] ^ self._chaining[i] for i in range(8)])

    def chaining(self):
        return self._compress(self._counter, self._flags)[:8]

    def root(self, length):
        blocks = (struct.pack("<16L", *self._compress(counter, self._flags | _ROOT))
                  for counter in range(-(-length // _BLOCK_BYTES)))
        return b"".join(blocks)[:length]


def _chunk(key, data, number, flags):
    blocks = [data[i:i + _BLOCK_BYTES] for i in range(0, len(data), _BLOCK_BYTES)] or [b""]
    chaining, start = key, _CHUNK_START
    for block in blocks[:-1]:
        chaining = _Node(chaining, block, number, flags | start).chaining()
        start = 0
    return _Node(chaining, blocks[-1], number, flags | start | _CHUNK_END)


def _tree(key, data, number, flags):
    """number: of the first chunk of this subtree."""
    if len(data) <= _CHUNK_BYTES:
        return _chunk(key, data, number, flags)
    chunks = 1 << (-(-len(data) // _CHUNK_BYTES) - 1).bit_length() - 1
    left = _tree(key, data[:chunks * _CHUNK_BYTES], number, flags)
    right = _tree(key, data[chunks * _CHUNK_BYTES:], number + chunks, flags)
    return _Node(key, struct.pack("<16L", *left.chaining(), *right.chaining()), 0, flags | _PARENT)
