"""The same with the default tcp_fin_timeout of a minute, on loopback, in both roles."""
LASTS_S = 75
CADENCE_S = 0.25


def run(lab):
    listener = lab.server.listen(80)
    for n in range(12):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        (client if n % 3 else served).close()
        lab.rest(0.2)
    lab.rest(66)
