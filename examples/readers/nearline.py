"""Checks tokens against Rescind's nearline copy in Redis or Valkey: one MGET a token, Python's standard library only.

The layout and the rule: docs/reference/cache.md. The caller has verified the token (signature, iss, aud, exp); this says
whether it was revoked: "live", "revoked", or "unknown" (nothing vouches for the copy: introspect the token, or refuse it).

    python3 nearline.py SETTINGS.json redis://127.0.0.1:6379 < claims.jsonl

SETTINGS.json is the answer of GET /revocations/settings; each line of input is the claims of one token as JSON, with the
`kid` of its header; each line of output is a verdict.
"""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
import sys
import time
from urllib.parse import unquote, urlsplit

FOR_GOOD = ("token", "grant", "signing-key")
WIDE = ("session", "logout", "subject", "client", "subject+client", "key", "issuer", "all")
CLOCK_TOLERANCE = 10


class Cache:
    """One connection to Redis or Valkey: RESP over a socket. Any trouble ends it; the next question makes a new one."""

    def __init__(self, url, timeout=0.5):
        self.url, self.timeout, self.stream = urlsplit(url), timeout, None

    def mget(self, keys):
        try:
            if self.stream is None:
                self.stream = self._connect()
            return self._ask("MGET", *keys)
        except Exception:
            if self.stream is not None:
                self.stream.close()
            self.stream = None
            raise

    def _connect(self):
        url = self.url
        sock = socket.create_connection((url.hostname, url.port or 6379), self.timeout)
        if url.scheme == "rediss":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=url.hostname)
        self.stream = sock.makefile("rwb")
        sock.close()  # the stream keeps it open
        if url.password is not None:
            self._ask("AUTH", *filter(None, [unquote(url.username or ""), unquote(url.password)]))
        if url.path.strip("/"):
            self._ask("SELECT", url.path.strip("/"))
        return self.stream

    def _ask(self, *words):
        sent = [word.encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(sent) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in sent))
        self.stream.flush()
        return self._answer()

    def _answer(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the cache closed the connection")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise ConnectionError(rest)
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == "-1" else self.stream.read(int(rest) + 2)[:-2].decode()
        return rest


class Reader:
    def __init__(self, settings, cache):
        self.issuer = settings["issuer"]
        self.key = base64.urlsafe_b64decode(settings["fingerprint_key"] + "=")
        self.names = settings["cache"]
        if self.names["version"] != 1:
            raise ValueError("these settings are of a later version: this reader does not know its layout")
        self.cache = cache
        self.lease, self.lease_since = None, 0.0

    def fingerprint(self, issuer, unit, *value):
        texts = [text.encode() for text in ("rescind/1", issuer, unit, *value)]
        laid_out = b"".join(struct.pack(">I", len(text)) + text for text in texts)
        digest = hmac.new(self.key, laid_out, hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def fingerprints(self, claims):
        """Of every unit that the token belongs to, and of those it was exchanged from."""
        issuer, subject, client = claims["iss"], claims.get("sub"), claims.get("client_id")
        ours = issuer == self.issuer
        units = [("all" if ours else "issuer", "")]
        if claims.get("jti") is not None:
            units.append(("token", claims["jti"]))
        if subject is not None and not (ours and subject == client):
            units.append(("subject", subject))
        if ours:
            for unit, claim in (("grant", "grant_id"), ("session", "sid"), ("client", "client_id"),
                                ("key", "key_id"), ("signing-key", "kid")):
                if claims.get(claim) is not None:
                    units.append((unit, claims[claim]))
            if claims.get("sid") is not None and claims.get("offline") is not True:
                units.append(("logout", claims["sid"]))
            if subject is not None and client is not None:
                units.append(("subject+client", subject, client))
        return [self.fingerprint(issuer, *unit) for unit in units] + (claims.get("lineage", []) if ours else [])

    def verdict(self, claims):
        keys = [self.names["entry_prefix"] + fp for fp in self.fingerprints(claims)]
        try:
            lease, *values = self.cache.mget([self.names["lease_key"], *keys])
            if not self.is_good(lease):
                return "unknown"
            found = [entry for value in values if value is not None for entry in json.loads(value)["entries"]]
            return "revoked" if any(self.covers(entry, claims) for entry in found) else "live"
        except (OSError, ValueError, KeyError, TypeError):
            return "unknown"

    def is_good(self, lease):
        """SEQ.HASH.LOG.NONCE of our log, and not one that has been there for longer than a lease lives."""
        if lease is None or lease.split(".")[2:3] != [self.names["log"]]:
            return False
        now = time.monotonic()
        if lease != self.lease:
            self.lease, self.lease_since = lease, now
        return now - self.lease_since <= self.names["max_staleness"]

    def covers(self, entry, claims):
        seq, unit, before = entry["seq"], entry["unit"], entry.get("before")
        if entry.get("suspend") is True or unit in FOR_GOOD:
            return True
        if unit not in WIDE:
            raise ValueError("a unit that this reader does not know")
        ours = claims["iss"] == self.issuer
        if ours and isinstance(claims.get("rev"), int) and claims["rev"] >= seq:
            return False
        authorised = claims.get("grant_iat", claims.get("iat")) if ours else claims.get("iat")
        if before is None or authorised is None:
            return True
        return authorised <= before + (0 if ours else CLOCK_TOLERANCE)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        reader = Reader(json.load(file), Cache(sys.argv[2]))
    for line in sys.stdin:
        print(reader.verdict(json.loads(line)), flush=True)
