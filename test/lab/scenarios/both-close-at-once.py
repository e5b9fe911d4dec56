"""Two processes close at the same instant, spinning until then: in some of the rounds the FINs cross."""
import os
import time

HOSTS = 2
ROUNDS = 60
ROUND_NS = 30_000_000


def close_in_turn(sockets, start):
    for n, sock in enumerate(sockets):
        instant = start + n * ROUND_NS
        time.sleep(max(0, (instant - time.monotonic_ns()) / 1e9 - 0.004))
        while time.monotonic_ns() < instant:
            pass
        sock.close()


def run(lab):
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(ROUNDS)]
    clients, served = [c for c, _ in pairs], [s for _, s in pairs]
    start = time.monotonic_ns() + 400_000_000
    # Each process holds one end only.
    other = os.fork()
    for sock in clients if other == 0 else served:
        sock.close()
    close_in_turn(served if other == 0 else clients, start)
    if other == 0:
        os._exit(0)
    os.waitpid(other, 0)
    lab.rest(2)
