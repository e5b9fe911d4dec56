"""IPv6 between two hosts: both orders of close, an abort, a refusal, a leak."""
import socket

from lab import abort

HOSTS = 2


def run(lab):
    listener = lab.server.listen(80, family=socket.AF_INET6)
    for first in (0, 1, 0, 1):
        ends = lab.pair(listener)
        lab.talk(*ends)
        lab.rest(0.2)
        ends[first].close()
        lab.rest(0.3)
        ends[1 - first].close()
    ends = lab.pair(listener)
    lab.rest(0.2)
    abort(ends[0])
    lab.client.tcp(socket.AF_INET6).connect_ex((lab.server.address(socket.AF_INET6), 81))
    client, served = lab.pair(listener)
    client.close()
    lab.rest(2)
