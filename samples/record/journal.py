# How does a Python process of a recording write down what it saw? As journal.mjs does: one JSON object a line, time first.
import json, threading, time


def iso(ns):
    """ISO 8601 UTC with nine decimals, in which microseconds are told."""
    us = ns // 1000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // 1_000_000)) + f".{us % 1_000_000:06d}000Z"


def open_journal(path):
    """A function that appends {"time":…,"event":…,…facts}. Line buffered: a process that is killed has still logged."""
    journal = open(path, "a", buffering=1)
    lock = threading.Lock()

    def log(event, **facts):
        with lock:
            journal.write(json.dumps({"time": iso(time.time_ns()), "event": event, **facts}) + "\n")

    return log
