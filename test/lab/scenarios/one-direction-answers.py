"""A capture filter that shows only what the server sends."""
HOSTS = 2
FILTER = "tcp and src host 192.0.2.2"


def run(lab):
    listener = lab.server.listen(80)
    for first in (0, 1, 0, 1):
        ends = lab.pair(listener)
        for _ in range(2):
            lab.talk(*ends)
        lab.rest(0.3)
        ends[first].close()
        lab.rest(0.5)
        ends[1 - first].close()
        lab.rest(0.2)
    lab.rest(1)
