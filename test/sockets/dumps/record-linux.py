"""Holds TCP sockets in many states inside the network namespace it runs in, until its standard input ends.

Usage: record-linux.py PAIRS   (sockets per kind; 2 gives a dump that a person can count)
"""

import ctypes
import socket
import sys

PAIRS = int(sys.argv[1])
KEPT = []  # sockets live as long as this list


def name_process(name):
    """The kernel's comm, 15 bytes at most: what ss and /proc show."""
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)


def keep(sock):
    KEPT.append(sock)
    return sock


def listen(address, port, family=socket.AF_INET, backlog=1024, device=None, defer=False):
    sock = keep(socket.socket(family))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if device:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
    if defer:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 120)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


def connect(address, port, source=None, family=socket.AF_INET):
    sock = keep(socket.socket(family))
    if source:
        sock.bind((source, 0))
    sock.connect((address, port))
    return sock


def pair(listener, address, port, source=None, family=socket.AF_INET):
    client = connect(address, port, source, family)
    server = keep(listener.accept()[0])
    return client, server


def fill(sock):
    """Writes until the peer's window and our buffer are full."""
    sock.setblocking(False)
    try:
        while True:
            sock.send(b"x" * 65536)
    except BlockingIOError:
        pass


name_process('shop "a) (b')
http = listen("0.0.0.0", 8280)
both = listen("::", 8080, socket.AF_INET6)
listen("127.0.0.53", 53, device=b"lo")
deferred = listen("127.0.0.1", 443, defer=True)
full = listen("127.0.0.1", 3306, backlog=0)
narrow = listen("127.0.0.1", 5432)
narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

for n in range(PAIRS):
    pair(http, "127.0.0.1", 8280)  # ESTABLISHED
    pair(both, "127.0.0.1", 8080)  # ESTABLISHED, the server's end IPv4-mapped
    pair(both, "::1", 8080, family=socket.AF_INET6)
    pair(both, "2001:db8:1234:5678:9abc:def0:1:2", 8080, family=socket.AF_INET6)
    pair(http, "192.0.2.2", 8280, source="192.0.2.3")

    client, server = pair(http, "127.0.0.1", 8280)  # CLOSE_WAIT, end of file read; FIN_WAIT_2 without an owner
    client.close()
    server.recv(1)
    client, server = pair(http, "127.0.0.1", 8280)  # CLOSE_WAIT, 5 bytes and the end of file not read; FIN_WAIT_2 held
    client.send(b"hello")
    client.shutdown(socket.SHUT_WR)

    client, server = pair(http, "127.0.0.1", 8280)  # TIME_WAIT of the client
    client.close()
    server.recv(1)
    server.close()

    connect("127.0.0.1", 443)  # SYN_RECEIVED: the server waits for data

    client, server = pair(narrow, "127.0.0.1", 5432)  # FIN_WAIT_1: the FIN waits behind data
    fill(client)
    client.close()
    client, server = pair(narrow, "127.0.0.1", 5432)  # LAST_ACK: the same, after the peer's FIN
    client.shutdown(socket.SHUT_WR)
    server.recv(1)
    fill(server)
    server.close()

    bound = keep(socket.socket())  # bound, not connected: neither ss before 6.8 nor netstat lists it
    bound.bind(("127.0.0.1", 0))

for n in range(3):  # never accepted; further ones stay SYN_SENT, for the queue is full
    late = keep(socket.socket())
    late.setblocking(False)
    late.connect_ex(("127.0.0.1", 3306))

udp = keep(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
udp.bind(("127.0.0.1", 5353))
local = keep(socket.socketpair()[0])

print("ready", flush=True)
sys.stdin.read()
