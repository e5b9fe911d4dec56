"""The client binds the same port again and again: each SYN meets the TIME_WAIT that the server keeps of the last round."""
HOSTS = 2
LASTS_S = 14


def run(lab):
    listener = lab.server.listen(80)
    for n in range(6):
        client, served = lab.pair(listener, port=40001)
        lab.talk(client, served)
        lab.rest(0.4)
        served.close()
        lab.rest(0.2)
        client.close()
        lab.rest(1.1)
    lab.rest(1)
