"""The client closes first, the server a little later: from at once to a second and a half."""
HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    for held in (0, 0.05, 0.4, 1.5):
        client, served = lab.pair(listener)
        lab.talk(client, served)
        lab.rest(0.3)
        client.close()
        lab.rest(held)
        served.close()
        lab.rest(0.2)
    lab.rest(1)
