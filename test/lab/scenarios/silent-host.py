"""SYNs that nobody answers: SYN_SENT until tcp_syn_retries gives up, or until the application does."""
HOSTS = 2
LASTS_S = 24
CAPTURES = [("client", "client0")]


def run(lab):
    lab.client.sysctl(tcp_syn_retries=3)
    lab.wire.lose()
    callers = []
    for n in range(6):
        caller = lab.client.tcp()
        caller.setblocking(False)
        caller.connect_ex((lab.server.address(), 80))
        callers.append(caller)
        lab.rest(0.2)
    lab.rest(18)

