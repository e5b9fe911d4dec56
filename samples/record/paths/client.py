# Who asks two catalogues for pages at the same pace, over a few connections each, and notes how long each page took?
import http.client, os, sys, threading, time

sys.path.insert(0, os.environ["RECORD"])
from journal import open_journal

SERVERS = {"clean": ("198.51.100.2", 8081), "lossy": ("203.0.113.2", 8082)}
CONNECTIONS = 4
PAUSE = 0.3
log = open_journal(os.environ["JOURNAL"])
until = time.monotonic() + float(sys.argv[1])


def ask(path, server, number):
    time.sleep(PAUSE * number / CONNECTIONS)
    client = http.client.HTTPConnection(*server, timeout=60)
    client.connect()
    port = client.sock.getsockname()[1]
    log("opened", path=path, port=port)
    page = 0
    while time.monotonic() < until:
        page += 1
        began = time.monotonic()
        client.request("GET", f"/{path}/{number}/{page}", headers={"Host": "shop.example"})
        body = client.getresponse().read()
        took = time.monotonic() - began
        log("answered", path=path, port=port, page=page, bytes=len(body), took_s=round(took, 6))
        time.sleep(max(0, PAUSE - took))
    log("closes", path=path, port=port)
    client.close()


threads = [
    threading.Thread(target=ask, args=(path, server, number))
    for path, server in SERVERS.items()
    for number in range(CONNECTIONS)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
