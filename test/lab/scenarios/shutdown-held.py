"""shutdown(WR) against close: the client has shut down, lives beyond tcp_fin_timeout, takes later data, and then closes."""
import socket

OPTIONS = {"finTimeout": "3s"}


def run(lab):
    lab.client.sysctl(tcp_fin_timeout=3)
    listener = lab.server.listen(80)
    # Data from the peer after 1 s, then after 5 s; then the peer's close.
    client, served = lab.pair(listener)
    client.shutdown(socket.SHUT_WR)
    # No data; the peer closes after 6 s.
    quiet, quiet_served = lab.pair(listener)
    quiet.shutdown(socket.SHUT_WR)
    # The server shuts down and the client goes on sending.
    talker, talked = lab.pair(listener)
    talked.shutdown(socket.SHUT_WR)
    lab.rest(1)
    served.sendall(b"still here")
    talker.sendall(b"one")
    lab.rest(4)
    served.sendall(b"and now")
    talker.sendall(b"two")
    lab.rest(1)
    served.close()
    quiet_served.close()
    talker.close()
    lab.rest(0.5)
    client.close()
    quiet.close()
    talked.close()
    lab.rest(1)
