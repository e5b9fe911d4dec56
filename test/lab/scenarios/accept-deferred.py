"""TCP_DEFER_ACCEPT: the server stays in SYN_RECEIVED after the handshake, until the first byte comes."""
import socket

HOSTS = 2
UNKNOWABLE = "the handshake's last ACK is taken only with the first data, which shows nowhere"


def run(lab):
    listener = lab.server.tcp(port=80)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
    listener.listen(10)
    clients = [lab.connect(listener) for _ in range(3)]
    for client in clients:
        lab.rest(0.7)
        client.sendall(b"x")
        served = lab.accept(listener)
        lab.rest(0.3)
        served.close()
        client.close()
    lab.rest(1)
