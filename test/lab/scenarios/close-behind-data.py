"""close() right behind much data, read as fast as it comes: the FIN rides on the last segment."""
import socket

from lab import read_exactly

HOSTS = 2
SIZE = 200_000


def run(lab):
    listener = lab.server.listen(80)
    for first in (0, 1, 0, 1):
        ends = lab.pair(listener)
        sender, reader = ends[first], ends[1 - first]
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * SIZE)
        sender.settimeout(None)
        sent = sender.send(b"x" * SIZE, socket.MSG_DONTWAIT)
        sender.close()
        read_exactly(reader, sent)
        lab.rest(0.5)
        reader.close()
        lab.rest(0.3)
    lab.rest(1)
