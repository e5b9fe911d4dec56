"""Captured with -i any: loopback and the link to another host in one file."""
HOSTS = 2
CAPTURES = [("client", "any")]


def run(lab):
    far = lab.server.listen(80)
    near = lab.client.listen(8080, address="127.0.0.1")
    for n in range(4):
        ends = lab.pair(far)
        caller = lab.client.tcp()
        caller.connect(("127.0.0.1", 8080))
        called = lab.accept(near)
        lab.talk(*ends)
        lab.talk(caller, called)
        lab.rest(0.2)
        ends[n % 2].close()
        (caller, called)[n % 2].close()
        lab.rest(0.4)
        ends[1 - n % 2].close()
        if n < 3:
            (called, caller)[n % 2].close()
    lab.rest(1)
