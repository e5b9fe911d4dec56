# Who has more to say than its readers may read? Three feeds on three ports: each line goes to every subscriber at a steady pace.
#
# A thread per subscriber, and a small send buffer: when a reader stops, its thread stands still in send(), and this is written down.
import os, socket, sys, threading, time

sys.path.insert(0, os.environ["RECORD"])
from journal import open_journal

ADDRESS, PORTS = "192.0.2.2", (7001, 7002, 7003)
SEND_BUFFER = 16_384
LINES_A_SECOND = 20
# A send() that takes longer stood still.
STILL_SECONDS = 0.2
log = open_journal(os.environ["JOURNAL"])


def feed(connection, port):
    number = 0
    next_line = time.monotonic()
    while True:
        number += 1
        line = (b"%06d " % number).ljust(1023, b".") + b"\n"
        began, clock = time.monotonic(), time.time_ns()
        try:
            connection.sendall(line)
        except OSError as error:
            log("ended", port=port, lines=number - 1, error=type(error).__name__)
            return
        took = time.monotonic() - began
        if took > STILL_SECONDS:
            log("stood_still", port=port, line=number, for_s=round(took, 6))
        next_line = max(next_line + 1 / LINES_A_SECOND, time.monotonic() - 0.2)
        time.sleep(max(0, next_line - time.monotonic()))


def serve(port):
    listener = socket.create_server((ADDRESS, port))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    while True:
        connection, (_, client_port) = listener.accept()
        log("subscribed", port=client_port, feed=port)
        threading.Thread(target=feed, args=(connection, client_port), daemon=True).start()


for port in PORTS[1:]:
    threading.Thread(target=serve, args=(port,), daemon=True).start()
serve(PORTS[0])
