"""Judges tokens line by line, as another program would ask it:

    ISSUER=https://auth.example CLIENT_ID=… CLIENT_SECRET=… python3 main.py

Each line of standard input is {"claims": …, "kid": …} of a token that a JWT library has verified; the answer is one line
{"verdict": "live" | "revoked" | "stale", "seq": …}.
"""

import json
import os
import sys

from rescind_reader import Reader, Stale

reader = Reader(
    os.environ["ISSUER"],
    os.environ["CLIENT_ID"],
    os.environ["CLIENT_SECRET"],
    max_staleness=float(os.environ.get("MAX_STALENESS", "5")),
)
reader.start()
print(json.dumps({"verdict": "ready", "seq": reader.position()[0]}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        entry = reader.revoked_by(asked["claims"], asked.get("kid"))
        answer = {"verdict": "live"} if entry is None else {"verdict": "revoked", "seq": entry["seq"]}
    except Stale:
        answer = {"verdict": "stale"}
    print(json.dumps(answer), flush=True)
