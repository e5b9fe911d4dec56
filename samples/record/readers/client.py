# Who reads, and who does not? On each feed a healthy reader, and beside it one that
#
#   7001   pauses: reads nothing for 13 s, as a process does in a long garbage collection, and then goes on
#   7002   stops: after 6 s it waits for a lock that nobody gives back
#   7003   is slow: it reads half as fast as the feed sends
import os, socket, sys, threading, time

sys.path.insert(0, os.environ["RECORD"])
from journal import open_journal

ADDRESS = "192.0.2.2"
RECEIVE_BUFFER = 16_384
LASTS = 24.0
log = open_journal(os.environ["JOURNAL"])
start = time.monotonic()


def since_start():
    return time.monotonic() - start


def subscribe(feed, kind):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    s.connect((ADDRESS, feed))
    port = s.getsockname()[1]
    log("subscribed", feed=feed, port=port, kind=kind)
    return s, port


def read_on(s, until):
    total = 0
    while since_start() < until:
        s.settimeout(max(0.01, until - since_start()))
        try:
            total += len(s.recv(65_536))
        except TimeoutError:
            pass
    return total


def healthy(feed):
    s, port = subscribe(feed, "healthy")
    log("done", port=port, bytes=read_on(s, LASTS))
    return s


def pauses(feed):
    s, port = subscribe(feed, "paused")
    before = read_on(s, 5)
    log("stops_reading", port=port)
    time.sleep(13)
    log("reads_again", port=port)
    log("done", port=port, bytes=before + read_on(s, LASTS))
    return s


def stops(feed):
    s, port = subscribe(feed, "stopped")
    before = read_on(s, 6)
    log("stops_reading", port=port)
    time.sleep(LASTS - since_start())
    log("done", port=port, bytes=before)
    return s


def slow(feed):
    s, port = subscribe(feed, "slow")
    total = 0
    while since_start() < LASTS:
        total += len(s.recv(1024))
        time.sleep(0.1)
    log("done", port=port, bytes=total)
    return s


kept = []
threads = [
    threading.Thread(target=lambda run=run, feed=feed: kept.append(run(feed)))
    for run, feed in [(healthy, 7001), (pauses, 7001), (healthy, 7002), (stops, 7002), (healthy, 7003), (slow, 7003)]
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
log("all_done")
# The connections stay open while the capture ends.
time.sleep(30)
