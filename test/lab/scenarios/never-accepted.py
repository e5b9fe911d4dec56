"""Connections that no process ever accepts: closed by the caller, left waiting, and reset when the listener goes."""
HOSTS = 2


def run(lab):
    listener = lab.server.listen(80)
    callers = [lab.connect(listener) for _ in range(6)]
    for n, caller in enumerate(callers):
        if n % 2:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        lab.rest(0.2)
        if n < 3:
            caller.close()
    lab.rest(1)
    listener.close()
    lab.rest(1)
