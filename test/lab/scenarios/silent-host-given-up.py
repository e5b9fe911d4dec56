"""SYNs that nobody answers, and an application whose own time-out of a second ends each attempt."""
HOSTS = 2
CAPTURES = [("client", "client0")]


def run(lab):
    lab.wire.lose()
    for n in range(6):
        caller = lab.client.tcp()
        caller.setblocking(False)
        caller.connect_ex((lab.server.address(), 80))
        lab.rest(1.0)
        caller.close()
    lab.rest(3)
