"""nginx ends idle connections after two seconds; the client never closes its ends."""
LASTS_S = 75
CADENCE_S = 0.25


def prepare(lab):
    lab.nginx(keepalive="2s")


def run(lab):
    for _ in range(12):
        lab.ask(lab.connect_to(8080))
        lab.rest(0.25)
    lab.rest(64)
