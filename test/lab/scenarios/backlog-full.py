"""listen(1), never accepted: the first connections wait accepted by the kernel, the later SYNs are dropped and sent again."""
HOSTS = 2
LASTS_S = 20


def run(lab):
    lab.client.sysctl(tcp_syn_retries=2)
    listener = lab.server.listen(80, backlog=1)
    callers = []
    for n in range(8):
        caller = lab.client.tcp()
        caller.setblocking(False)
        caller.connect_ex((lab.server.address(), 80))
        callers.append(caller)
        lab.rest(0.1)
    callers[0].send(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    lab.rest(2)
    # One gives up: closed without ever being accepted.
    callers[1].close()
    # Room for those that still try.
    lab.rest(0.5)
    lab.accept(listener)
    lab.rest(10)
