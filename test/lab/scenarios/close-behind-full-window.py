"""close() with much data still to send, and a reader that stops for a while: FIN_WAIT_1 begins long before the FIN is sent."""
import socket

from lab import read_exactly

HOSTS = 2
LASTS_S = 12
UNKNOWABLE = "when close() was called: the FIN waits behind the data, for the reader's window"


def run(lab):
    listener = lab.server.listen(80)
    size = 3_000_000
    for first in (0, 1):
        ends = lab.pair(listener)
        sender, reader = ends[first], ends[1 - first]
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_000_000)
        sender.setblocking(False)
        sent = sender.send(b"x" * size)
        sender.close()
        lab.rest(2)
        read_exactly(reader, sent)
        lab.rest(0.5)
        reader.close()
        lab.rest(0.5)
    lab.rest(1)
