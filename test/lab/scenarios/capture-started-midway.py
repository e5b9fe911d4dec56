"""The connections are older than the capture. What they do while it runs is seen."""
HOSTS = 2


def prepare(lab):
    listener = lab.server.listen(80)
    lab.pairs = [lab.pair(listener) for _ in range(8)]
    for ends in lab.pairs:
        lab.talk(*ends)
    lab.rest(0.5)


def run(lab):
    lab.rest(0.5)
    for n, ends in enumerate(lab.pairs):
        if n % 4 < 3:
            lab.talk(*ends)
        lab.rest(0.2)
        ends[n % 2].close()
        lab.rest(0.4)
        if n < 6:
            ends[1 - n % 2].close()
    lab.rest(2)
