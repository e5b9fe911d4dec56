"""What did the kernel say, again and again? `ss -tan` in this namespace at a fixed cadence, until a signal ends it.

usage: snapshots.py SECONDS FILE. Each snapshot is a line `@ BEFORE AFTER` (nanoseconds since 1970, around the run of ss) and
the lines of ss: every TCP socket of both families in every state.
"""
import subprocess
import sys
import time

cadence_ns = int(float(sys.argv[1]) * 1e9)
with open(sys.argv[2], "wb", buffering=0) as out:
    due = time.monotonic_ns()
    while True:
        before = time.time_ns()
        # No close_fds: Python then need not fork itself, which would take longer than ss does.
        table = subprocess.run(["ss", "-Htan"], stdout=subprocess.PIPE, close_fds=False, check=True).stdout
        after = time.time_ns()
        out.write(b"@ %d %d\n%b" % (before, after, table))
        due = max(due + cadence_ns, time.monotonic_ns())
        time.sleep((due - time.monotonic_ns()) / 1e9 if due > time.monotonic_ns() else 0)
