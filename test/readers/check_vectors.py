"""Holds rescind_feed.py against the vectors of docs/reference/feed.md: python3 check_vectors.py READER_FOLDER VECTORS_FOLDER"""

import hashlib
import json
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
import rescind_feed as feed  # noqa: E402

vectors = pathlib.Path(sys.argv[2])


def read(name):
    return json.loads((vectors / name).read_text())


prints = read("fingerprint.json")
key = feed.from_base64url(prints["key"])
for one in prints["vectors"]:
    values = [one["value"]] + ([one["client"]] if "client" in one else [])
    assert feed.length_prefixed("rescind/1", one["issuer"], one["unit"], *values).hex() == one["input"], one
    assert feed.to_base64url(feed.fingerprint(key, one["issuer"], one["unit"], *values)) == one["fp"], one

log = read("chain.json")["log"]
revocations = feed.Revocations()
for one in log:
    assert feed.canonical(one["entry"]).hex() == one["canonical"], one
    assert revocations.apply(one["entry"], feed.from_base64url(one["hash"])) is True
    assert revocations.apply(one["entry"], feed.from_base64url(one["hash"])) is False, "applied once"

snapshot = read("snapshot.json")
data = bytes.fromhex(snapshot["head"] + "".join(snapshot["records"]) + snapshot["end"])
position, entries, digest, signature = feed.read_snapshot(data, snapshot["issuer"])
assert entries == snapshot["entries"] and signature == snapshot["signature"]
assert feed.to_base64url(digest) == snapshot["digest"]
assert position == (snapshot["position"]["seq"], feed.from_base64url(snapshot["position"]["hash"])) == revocations.position
assert len(revocations) == len(entries), "what stands after the log is what the snapshot holds"


def is_gap(work):
    try:
        work()
        return False
    except feed.Gap:
        return True


broken = 0
for offset in range(len(data)):
    changed = bytearray(data)
    changed[offset] ^= 0x40
    # The signature itself is not checked here; its bytes are the last ones.
    if offset < len(data) - len(signature):
        assert is_gap(lambda: feed.read_snapshot(bytes(changed), snapshot["issuer"])), offset
        broken += 1
assert is_gap(lambda: feed.read_snapshot(data[:-1], snapshot["issuer"]))
assert is_gap(lambda: feed.read_snapshot(data + b"x", snapshot["issuer"]))
fresh = feed.Revocations()
assert is_gap(lambda: fresh.apply(log[1]["entry"], feed.from_base64url(log[1]["hash"]))), "a skipped entry"
assert is_gap(lambda: fresh.apply(log[0]["entry"], hashlib.sha256(b"").digest())), "a wrong hash"
assert is_gap(lambda: fresh.apply({"seq": 1, "kind": "erase"}, bytes(32))), "an unknown kind"
print(len(prints["vectors"]), len(log), len(entries), broken)
