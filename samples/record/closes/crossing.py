# How do two processes close the same connection at the same instant? Both wait for an agreed time, spinning, then close.
#
#   crossing.py server|client JOURNAL: one connection after another from the ports 40101…, each with one request that is
#   answered. The request names the instant at which both sides close(). Whether the FINs crossed, only the kernel knows:
#   then both ends keep TIME_WAIT, and truth.mjs reads that from ss.
import os, socket, sys, time

sys.path.insert(0, os.environ["RECORD"])
from journal import open_journal

SERVER = ("192.0.2.2", 8003)
FIRST_PORT = 40101
CONNECTIONS = 8
# Enough for the answer to be read before both sides close.
LEAD_NS = 15_000_000

role, path = sys.argv[1:]
log = open_journal(path)

def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(4096)
    return head

def close_at(connection, instant, port):
    while time.time_ns() < instant:
        pass
    connection.close()
    log("sends_fin", port=port)

if role == "server":
    listener = socket.create_server(SERVER)
    for _ in range(CONNECTIONS):
        connection, (_, port) = listener.accept()
        log("accepted", port=port)
        instant = int(read_head(connection).split()[1].rpartition(b"/")[2])
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        log("answered", port=port, status=204)
        close_at(connection, instant, port)
else:
    for n in range(CONNECTIONS):
        port = FIRST_PORT + n
        connection = socket.create_connection(SERVER, source_address=("192.0.2.1", port))
        instant = time.time_ns() + LEAD_NS
        target = f"/close-at/{instant}"
        log("starts", port=port, target=target)
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: shop.example\r\n\r\n".encode())
        read_head(connection)
        log("answered", port=port)
        close_at(connection, instant, port)
        time.sleep(0.03)
