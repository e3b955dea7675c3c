"""A host that answers on some ports, and knocks at others': a list of requests a line in, what came of each out.

First the ports. Then lists of [protocol, from, to, port]: the answer is `open`, `refused` or `silent` for each.
"""
import errno
import json
import selectors
import socket
import sys
import threading
import time

# Without an answer for so long there is none.
PATIENCE = float(sys.argv[1])


def bound(kind, family, address, port=0):
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address, port))
    sock.setblocking(False)
    return sock


def serve(ports):
    waiting = selectors.DefaultSelector()
    for family, any_address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
        for port in ports:
            door = bound(socket.SOCK_STREAM, family, any_address, port)
            door.listen(64)
            waiting.register(door, selectors.EVENT_READ, lambda door: door.accept()[0].close())
            echo = bound(socket.SOCK_DGRAM, family, any_address, port)
            waiting.register(echo, selectors.EVENT_READ, lambda echo: echo.sendto(b"yes", echo.recvfrom(64)[1]))
    while True:
        for key, _ in waiting.select():
            try:
                key.data(key.fileobj)
            except OSError:
                pass


def begin(protocol, source, target, port):
    """A socket that waits for the answer, or what is known at once."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    sock = bound(socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM, family, source)
    try:
        sock.connect((target, port))
        if protocol == "udp":
            sock.send(b"?")
    except BlockingIOError:
        pass
    except OSError as error:
        # A datagram that a rule drops on its way out is not allowed to be sent.
        return "silent" if error.errno == errno.EPERM else "refused"
    return sock


def answer(protocol, sock):
    if protocol == "tcp":
        return "refused" if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) else "open"
    try:
        sock.recv(64)
        return "open"
    except OSError:
        return "refused"


def knock(doors):
    outcomes = ["silent"] * len(doors)
    waiting = selectors.DefaultSelector()
    for at, (protocol, *door) in enumerate(doors):
        sock = begin(protocol, *door)
        if isinstance(sock, str):
            outcomes[at] = sock
        else:
            event = selectors.EVENT_WRITE if protocol == "tcp" else selectors.EVENT_READ
            waiting.register(sock, event, (at, protocol))
    end = time.monotonic() + PATIENCE
    while waiting.get_map() and (left := end - time.monotonic()) > 0:
        for key, _ in waiting.select(left):
            at, protocol = key.data
            outcomes[at] = answer(protocol, key.fileobj)
            waiting.unregister(key.fileobj)
            key.fileobj.close()
    for key in list(waiting.get_map().values()):
        key.fileobj.close()
    return outcomes


ports = json.loads(sys.stdin.readline())
threading.Thread(target=serve, args=(ports,), daemon=True).start()
for line in sys.stdin:
    print(json.dumps(knock(json.loads(line))), flush=True)
