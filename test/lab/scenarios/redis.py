"""Redis with redis-cli, short connections; and idle clients that the server's `timeout 2` ends and that never close."""
LASTS_S = 14


def prepare(lab):
    lab.server.start("redis", "redis-server", "--port", 6379, "--bind", "127.0.0.1", "--save", "", "--timeout", 2,
                     "--dir", lab.work)
    lab.server.wait_listening(6379)


def run(lab):
    for n in range(6):
        lab.client.run("redis-cli", "-p", 6379, "set", "basket", n)
        idle = lab.connect_to(6379)
        idle.sendall(b"PING\r\n")
        idle.recv(100)
        lab.rest(0.3)
    lab.rest(5)
