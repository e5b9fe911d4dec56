"""IPv6 on loopback, and IPv4 into a dual-stack listener, whose sockets ss shows as ::ffff:127.0.0.1."""
import socket


def run(lab):
    listener = lab.server.listen(80, family=socket.AF_INET6, address="::")
    for n in range(8):
        family, to = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))[n % 2]
        ends = lab.pair(listener, family=family, to=to)
        lab.talk(*ends)
        lab.rest(0.2)
        ends[n // 2 % 2].close()
        lab.rest(0.3)
        if n < 6:
            ends[1 - n // 2 % 2].close()
    lab.rest(2)
