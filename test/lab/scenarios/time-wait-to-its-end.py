"""TIME_WAIT for its whole minute: at the client, and at the server."""
HOSTS = 2
LASTS_S = 75
CADENCE_S = 0.25


def run(lab):
    listener = lab.server.listen(80)
    for n in range(12):
        ends = lab.pair(listener)
        lab.talk(*ends)
        ends[n % 2].close()
        lab.rest(0.15)
        ends[1 - n % 2].close()
    lab.rest(65)
