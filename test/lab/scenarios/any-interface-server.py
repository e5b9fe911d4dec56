"""Captured with -i any at the server."""
HOSTS = 2
CAPTURES = [("server", "any")]


def run(lab):
    listener = lab.server.listen(80)
    for n in range(6):
        ends = lab.pair(listener)
        lab.talk(*ends)
        lab.rest(0.2)
        ends[n % 2].close()
        lab.rest(0.4)
        if n < 4:
            ends[1 - n % 2].close()
    lab.rest(1)
