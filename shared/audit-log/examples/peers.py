"""Peers of the audit log on this machine, to be read beside `audit_speed` right after it: a hash chain in Python, and pymerkle.

python3 shared/audit-log/examples/peers.py [EVENTS]     (pip install pymerkle==7.0.0, else only the chain is measured)
"""

import hashlib
import json
import sys
import time


def event(number):
    """An event of about 370 bytes, as `audit_speed` makes them, in canonical form."""
    body = {
        "v": 1,
        "id": f"evt_{number * 0x9E3779B97F4A7C15F39CC060:032x}"[:36],
        "tenant": "acme",
        "at": f"2026-11-21T07:{number // 60000 % 60:02}:{number // 1000 % 60:02}.{number % 1000:03}Z",
        "event_type": "request_change",
        "action": "update",
        "level": "info",
        "outcome": "success",
        "actor": "worker",
        "job": f"job_{number // 12:032x}",
        "resource_type": "step",
        "item": "step#collect#0001",
        "version": number % 9 + 1,
        "from": "claimed",
        "to": "done",
        "counts": {"bytes": number, "rows": number % 1000},
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def rate(name, count, act):
    """Prints how many a second; the best of three rounds of processor time."""
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        act()
        best = max(best, count / (time.process_time() - begun))
    print(f"{name:<58} {best:>12,.0f}/s")


def chain(events):
    """A chain that reads each event and writes it again in canonical form, as a verifier must."""
    link = bytes(32)
    for line in events:
        body = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")).encode()
        assert body == line
        link = hashlib.sha256(link + body).digest()
    return link


def raw_chain(events):
    """The same without reading."""
    link = bytes(32)
    for line in events:
        link = hashlib.sha256(link + line).digest()
    return link


def merkle(events):
    """pymerkle's tree in memory: append, then proofs made and checked."""
    try:
        import pymerkle
    except ImportError:
        print("pymerkle is not installed")
        return
    few = events[: min(len(events), 20_000)]

    def append():
        tree = pymerkle.InmemoryTree(algorithm="sha256")
        for line in few:
            tree.append_entry(line)
        return tree

    rate(f"pymerkle: append, {len(few)} leaves", len(few), append)
    tree = append()
    size, root = tree.get_size(), tree.get_root()
    count = min(size, 1_000)

    def prove():
        for index in range(1, count + 1):
            proof = tree.prove_inclusion(index, size)
            pymerkle.verify_inclusion(tree.get_leaf(index), root, proof)

    rate(f"pymerkle: prove and verify, {count} of them", count, prove)


def main():
    """Runs everything on the same events."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    events = [event(number) for number in range(count)]
    print(f"{count} events of {sum(map(len, events)) // count} bytes, one core, best of 3")
    rate("Python: verify a chain, every event read and written again", count, lambda: chain(events))
    rate("Python: verify a chain, nothing read", count, lambda: raw_chain(events))
    merkle(events)


main()
