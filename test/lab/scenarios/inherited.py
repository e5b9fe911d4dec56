"""A forked child inherits the socket: the parent's close moves nothing, the child's does."""
import os

HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    pairs = [lab.pair(listener) for _ in range(3)]
    child = os.fork()
    if child == 0:
        for client, _ in pairs:
            client.close()
        lab.rest(1.5)
        for _, served in pairs:
            served.close()
            lab.rest(0.3)
        os._exit(0)
    for client, served in pairs:
        lab.talk(client, served)
        served.close()
    lab.rest(3)
    os.waitpid(child, 0)
    for client, _ in pairs:
        client.close()
    lab.rest(1)
