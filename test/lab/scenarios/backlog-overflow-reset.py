"""The same with tcp_abort_on_overflow: the last ACK of a handshake finds a full backlog, and RST answers it."""
HOSTS = 2
FIRST_PORT = 40001
LATE = 4


def run(lab):
    lab.server.sysctl(tcp_abort_on_overflow=1)
    listener = lab.server.listen(80, backlog=LATE)
    lab.wire.lose(f"tcp sport {FIRST_PORT}-{FIRST_PORT + LATE - 1} tcp flags & (syn | ack) == ack", sender=lab.client)
    for n in range(LATE):
        lab.connect(listener, port=FIRST_PORT + n)
    for _ in range(LATE + 1):
        lab.connect(listener)
        lab.rest(0.05)
    lab.wire.heal()
    lab.rest(3)
