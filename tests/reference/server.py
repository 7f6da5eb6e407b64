# SPDX-License-Identifier: GPL-3.0-or-later
"""A server for tests: it checks all that the specifications ask, and keeps what it refused.

It connects to any destination, this machine's own included, so it is never to be reachable for
others.

Theory of operation. A thread accepts; one thread serves each connection: it reads the request,
connects, and relays both directions with poll(). Whatever goes wrong, a wrong byte, a reset, a
destination that is not there, ends the connection with a reset, so that all failures look alike
(SIP022 3.1.4) and nothing that was cut short looks complete.
"""
import select
import socket
import threading
import time

from .methods import METHODS, WireError
from .request import RequestReader, SaltMemory
from .response import ResponseWriter
from .tunnel import abort

_BLOCK_BYTES = 1 << 16
_REQUEST_LIMIT_S = 10
_CONNECT_LIMIT_S = 10


def dial(host, port):
    """A connected socket. Names that can exist nowhere are not looked up (RFC 6761)."""
    if host.endswith(".invalid"):
        raise OSError(f"{host}: a name that nobody has")
    return socket.create_connection((host, port), _CONNECT_LIMIT_S)


class Server:
    """Serves what comes to a listening socket until close(); a context manager.

    dial: connects to (host, port); of use where the destination is in another namespace.
    response: what is to be wrong in answers, see ResponseWriter. in_one_piece: see RequestReader.
    requests: the heads that were right, as RequestReaders. refused: a line for each other one,
    and for each stream that went wrong later. unreachable: a line for each connect() that failed.
    tell: called with each of these lines.
    """

    def __init__(self, listener, method, secret, dial=dial, clock=time.time, in_one_piece=True,
                 response=None, tell=lambda line: None):
        self.requests = []
        self.refused = []
        self.unreachable = []
        self.listener = listener
        self._method = METHODS[method]
        self._key = self._method.key(secret)
        self._dial = dial
        self._clock = clock
        self._in_one_piece = in_one_piece
        self._response = response or {}
        self._tell = tell
        self._salts = SaltMemory(clock)
        listener.settimeout(None)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """No new connections; those that run go on."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass
        self.listener.close()

    def _accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[accepted], daemon=True).start()

    def _serve(self, accepted):
        far = None
        try:
            reader, payload = self._read_request(accepted)
            far = self._connect(reader.target)
            _relay(self._lanes(accepted, far, reader, payload))
        except WireError as error:
            self._note(self.refused, f"refused: {error}")
        except OSError:
            pass
        else:
            accepted.close()
            far.close()
            return
        abort(accepted)
        if far:
            abort(far)

    def _read_request(self, accepted):
        """(RequestReader, the payload that came with the head)"""
        accepted.settimeout(_REQUEST_LIMIT_S)
        reader = RequestReader(self._method, self._key, self._salts, self._clock,
                               self._in_one_piece)
        payload, is_begun = b"", False
        while reader.target is None:
            data = accepted.recv(_BLOCK_BYTES)
            if not data and is_begun:
                raise WireError("the request is cut short")
            if not data:
                raise ConnectionError("somebody who only knocked")
            is_begun = True
            payload += reader.feed(data)
        self.requests.append(reader)
        return reader, payload

    def _connect(self, target):
        try:
            return self._dial(target.host, target.port)
        except OSError as error:
            self._note(self.unreachable, f"unreachable: {target.host} port {target.port}: {error}")
            raise

    def _note(self, lines, line):
        lines.append(line)
        self._tell(line)

    def _lanes(self, accepted, far, reader, payload):
        writer = ResponseWriter(self._method, self._key, reader.salt,
                                **{"time_s": int(self._clock()), **self._response})
        return (_Lane(accepted, far, reader.feed, reader.end, payload),
                _Lane(far, accepted, writer.seal, lambda: None, writer.greeting()))


class _Lane:
    """One direction. convert: of what came into what is to be sent; end: told of the end."""

    def __init__(self, source, destination, convert, end, pending):
        self.source = source
        self.destination = destination
        self.pending = bytearray(pending)
        self.has_ended = False
        self.is_done = False
        self._convert = convert
        self._end = end

    def wants_more(self):
        return not self.pending and not self.has_ended

    def step(self):
        """Read if nothing is pending, then write what is; an end is passed on after the rest."""
        try:
            if self.wants_more():
                self._read()
            if self.pending:
                del self.pending[:self.destination.send(self.pending)]
        except BlockingIOError:
            pass
        if self.has_ended and not self.pending and not self.is_done:
            self.destination.shutdown(socket.SHUT_WR)
            self.is_done = True

    def _read(self):
        data = self.source.recv(_BLOCK_BYTES)
        if data:
            self.pending += self._convert(data)
        else:
            self._end()
            self.has_ended = True


def _relay(lanes):
    """Until both directions have ended; OSError if a side is reset, WireError if it lies."""
    opened = [lane.source for lane in lanes]
    for socket_ in opened:
        socket_.setblocking(False)
    hung_up = set()
    while True:
        for lane in lanes:
            lane.step()
        if all(lane.is_done for lane in lanes):
            return
        _wait(lanes, opened, hung_up)


def _wait(lanes, opened, hung_up):
    """Until a lane can go on. A reset is seen in a socket that no lane waits for, too; one that
    has ended both ways is not asked again, because it would always answer."""
    poll = select.poll()
    for socket_ in opened:
        mask = 0
        for lane in lanes:
            if lane.source is socket_ and lane.wants_more():
                mask |= select.POLLIN
            if lane.destination is socket_ and lane.pending:
                mask |= select.POLLOUT
        if mask or socket_ not in hung_up:
            poll.register(socket_, mask)
    sockets = {socket_.fileno(): socket_ for socket_ in opened}
    for number, events in poll.poll():
        if events & select.POLLHUP:
            hung_up.add(sockets[number])
        if events & select.POLLERR:
            error = sockets[number].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, "reset")
