"""Which scenarios run when, and what becomes of them? `record.py OUT [SCENARIO…]`, as root, on Linux.

Each scenario is a file in scenarios/ and runs in a process of its own. The long ones (a minute of TIME_WAIT) run all at once,
the others a few at a time beside them, so that `ss` is not kept waiting for a processor.
"""
import importlib.util
import os
import signal
import subprocess
import sys
import time

# Nothing is left in the working tree.
sys.dont_write_bytecode = True
from lab import HERE, Lab  # noqa: E402

# A scenario that takes longer is broken.
LIMIT_S = 110
# What a scenario lasts, unless it says LASTS_S.
DEFAULT_S = 10
LONG_S = 30
JOBS = int(os.environ.get("LAB_JOBS", "8"))


def load(name):
    spec = importlib.util.spec_from_file_location(name, f"{HERE}/scenarios/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_one(name, out):
    """In a process of its own."""
    os.makedirs(out, exist_ok=True)
    for file in os.listdir(out):
        os.remove(f"{out}/{file}")
    scenario = load(name)
    lab = Lab(scenario, out)

    def stop(*_):
        raise SystemExit(143)

    def late(*_):
        raise TimeoutError(f"took more than {LIMIT_S} s")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT_S)
    try:
        lab.open()
        if hasattr(scenario, "prepare"):
            scenario.prepare(lab)
        lab.begin()
        scenario.run(lab)
        lab.end()
    except Exception:
        for log in sorted(os.listdir(lab.work)):
            if log.endswith(".log") and lab.read(log):
                print(f"-- {name}: {log}\n{lab.read(log).decode(errors='replace')[-2000:]}", file=sys.stderr)
        raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        lab.close()


def run_all(out, names):
    waiting = sorted(names, key=lambda n: -getattr(load(n), "LASTS_S", DEFAULT_S))
    running, failed = {}, []
    started = time.monotonic()
    try:
        while waiting or running:
            short = sum(1 for n in running.values() if getattr(load(n), "LASTS_S", DEFAULT_S) < LONG_S)
            if waiting and (getattr(load(waiting[0]), "LASTS_S", DEFAULT_S) >= LONG_S or short < JOBS):
                name = waiting.pop(0)
                command = [sys.executable, __file__, "--one", name, f"{out}/{name}"]
                # A session of its own: Ctrl-C reaches this process only, which ends the others in order.
                running[subprocess.Popen(command, start_new_session=True)] = name
                time.sleep(0.1)
                continue
            for process in [p for p in running if p.poll() is not None]:
                name = running.pop(process)
                if process.returncode != 0:
                    failed.append(name)
                    print(f"lab: {name} failed", file=sys.stderr)
            time.sleep(0.1)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
    print(f"lab: {len(names) - len(failed)} scenarios recorded in {time.monotonic() - started:.0f} s")
    return failed


def main():
    if sys.argv[1:2] == ["--one"]:
        return run_one(sys.argv[2], sys.argv[3])
    if len(sys.argv) < 2 or os.geteuid() != 0:
        sys.exit("usage (as root): record.py OUT [SCENARIO…]")

    def stop(*_):
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)
    out = os.path.abspath(sys.argv[1])
    every = sorted(f[:-3] for f in os.listdir(f"{HERE}/scenarios") if f.endswith(".py"))
    unknown = [n for n in sys.argv[2:] if n not in every]
    if unknown:
        sys.exit(f"lab: no such scenario: {' '.join(unknown)}; there are: {' '.join(every)}")
    os.makedirs(out, exist_ok=True)
    sys.exit(1 if run_all(out, sys.argv[2:] or every) else 0)


main()
