"""The server closes first, the client a little later: TIME_WAIT at the server's port."""
HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    for held in (0, 0.05, 0.4, 1.5):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        lab.rest(0.3)
        served.close()
        lab.rest(held)
        client.close()
        lab.rest(0.2)
    lab.rest(1)
