"""Follows Rescind's feed: snapshot, live stream, leases. Answers whether a token is revoked, or that it cannot know.

Python's standard library only. Verifies revocation and nothing else: signature, issuer, audience and expiry of a token are
for the JWT library in front of it. Ed25519 is not in the standard library; so the signed forms of snapshots and leases are
checked only where the package `cryptography` is there. Without it both are as trustworthy as the TLS connection to the
server itself, which is why this reader must not be pointed at a relay or a cache.
"""

import base64
import http.client
import json
import secrets
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from rescind_feed import Gap, Revocations, covers, fingerprint, from_base64url, read_snapshot, to_base64url, units_of

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None

SILENCE = 30  # seconds without even a comment: the connection is dead


class Stale(Exception):
    """Nothing is known for sure now: introspect the token, or refuse it."""


class Reader:
    """`max_staleness` and `lease_interval` in seconds. `start()` returns when tokens can be judged, or raises."""

    def __init__(self, issuer, client_id, client_secret, max_staleness=5.0, lease_interval=1.0):
        self.issuer, self.max_staleness, self.lease_interval = issuer, max_staleness, lease_interval
        self._credentials = (client_id, client_secret)
        self._name = "python-" + secrets.token_hex(8)
        self._lock = threading.Lock()
        self._revocations = Revocations()
        self._whole = False  # False from the moment of a gap until the log is loaded again
        self._highest = 0  # the highest position a token was ever judged at
        self._sent = None  # when the newest lease that was met was asked for: (monotonic, wall clock)
        self._pending = []  # leases whose head is not reached yet: (seq, hash, sent)
        self._recent = {}  # hashes of the last positions, to meet leases that name one behind ours
        self._token, self._key, self._keys = None, None, {}
        self._ended = threading.Event()

    def start(self, timeout=10.0):
        deadline = time.monotonic() + timeout
        self._settings()
        for work in (self._follow, self._lease):
            threading.Thread(target=self._forever, args=(work,), daemon=True).start()
        while not self.is_fresh():
            if time.monotonic() > deadline:
                raise TimeoutError("the feed was not loaded in time")
            time.sleep(0.02)

    def close(self):
        self._ended.set()

    def is_fresh(self):
        with self._lock:
            return self._fresh()

    def position(self):
        with self._lock:
            return self._revocations.position

    def revoked_by(self, claims, kid=None):
        """The entry that covers a token whose signature and claims are verified already, or None. Raises Stale."""
        ours = claims["iss"] == self.issuer
        prints = [fingerprint(self._key, claims["iss"], unit, *values) for unit, values in units_of(claims, self.issuer, kid)]
        prints += [from_base64url(one) for one in claims.get("lineage", [])]
        with self._lock:
            if not self._fresh():
                raise Stale()
            self._highest = self._revocations.position[0]
            for print_ in prints:
                for entry in self._revocations.find(print_):
                    if covers(entry, claims, ours):
                        return entry
        return None

    def _fresh(self):
        if not self._whole or self._sent is None or self._revocations.position[0] < self._highest:
            return False
        monotonic, wall = time.monotonic() - self._sent[0], time.time() - self._sent[1]
        # A machine that was suspended has a monotonic clock that stood still: the two have come apart.
        return monotonic <= self.max_staleness and abs(wall - monotonic) <= 1

    def _forever(self, work):
        pause = 0.1
        while not self._ended.is_set():
            try:
                work()
                pause = 0.1
            except Gap:
                with self._lock:
                    self._whole = False
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                # Everybody else comes back as well: a random part of a growing time.
                self._ended.wait(pause * (0.5 + secrets.randbelow(1000) / 2000))
                pause = min(2 * pause, 2.0)

    # --- the log

    def _follow(self):
        """Loads where that is needed, then applies entries until the stream ends."""
        if not self._whole:
            self._load()
        seq, hash_ = self._revocations.position
        after = urllib.parse.quote("%d.%s" % (seq, to_base64url(hash_)))
        try:
            stream = self._open("/revocations?after=" + after, {"Accept": "text/event-stream"}, timeout=SILENCE)
        except urllib.error.HTTPError as error:
            if error.code == 410:
                raise Gap("this position is not on the log any more") from error
            raise
        with stream:
            event = {}
            for line in stream:
                name, _, value = line.decode().rstrip("\r\n").partition(":")
                if name in ("event", "id", "data"):
                    event[name] = value[1:] if value.startswith(" ") else value
                elif line in (b"\n", b"\r\n"):
                    if event.get("event") == "entry":
                        self._apply(json.loads(event["data"]), event["id"])
                    event = {}
                if self._ended.is_set() or not self._whole:
                    return

    def _load(self):
        with self._open("/revocations/snapshot", {"Accept": "application/vnd.rescind.snapshot"}, timeout=60) as answer:
            position, entries, digest, signature = read_snapshot(answer.read(), self.issuer)
        said = self._signed(signature, "rescind-snapshot+jwt")
        named = {"iss": self.issuer, "seq": position[0], "hash": to_base64url(position[1]), "digest": to_base64url(digest)}
        if said is not None and any(said.get(name) != value for name, value in named.items()):
            raise Gap("the snapshot is signed for something else")
        with self._lock:
            self._revocations.load(position, entries)
            self._recent = {position[0]: position[1]}
            self._pending, self._whole = [], True

    def _apply(self, entry, position):
        seq, _, hash_ = position.partition(".")
        if int(seq) != entry.get("seq"):
            raise Gap("an entry under another number")
        with self._lock:
            if self._revocations.apply(entry, from_base64url(hash_)):
                self._remember()
                self._meet()
        if entry.get("ack"):
            self._acknowledge()

    def _remember(self):
        seq, hash_ = self._revocations.position
        self._recent[seq] = hash_
        while len(self._recent) > 10_000:
            del self._recent[next(iter(self._recent))]

    # --- leases

    def _lease(self):
        if self._whole:
            self._acknowledge()
            with self._lock:
                self._revocations.forget(time.time() - 60)
        self._ended.wait(self.lease_interval)

    def _acknowledge(self):
        """Says where this reader stands; the answer is a lease, which counts from when it was asked for."""
        seq, hash_ = self.position()
        nonce = secrets.token_urlsafe(24)
        applied = {"seq": seq, "hash": to_base64url(hash_)}
        body = {"verifier": self._name, "applied": applied, "max_staleness": self.max_staleness, "nonce": nonce}
        sent = (time.monotonic(), time.time())
        try:
            lease = self._json("/revocations/acks", body)
        except urllib.error.HTTPError as error:
            if error.code == 409:
                raise Gap("this position is not on the log") from error
            raise
        said = self._signed(lease["signed"], "rescind-lease+jwt")
        for name in ("nonce", "head", "hash"):
            if said is not None and said.get(name) != lease[name]:
                raise ValueError("the lease is signed for something else")
        if lease["nonce"] != nonce:
            raise ValueError("the answer to another question")
        with self._lock:
            self._pending.append((lease["head"], from_base64url(lease["hash"]), sent))
            self._meet()

    def _meet(self):
        """A lease counts once its head is reached, on this chain. All that are not yet met are kept."""
        seq = self._revocations.position[0]
        for lease in [one for one in self._pending if one[0] <= seq]:
            self._pending.remove(lease)
            if self._recent.get(lease[0]) == lease[1] and (self._sent is None or lease[2] > self._sent):
                self._sent = lease[2]

    # --- the server

    def _settings(self):
        settings = self._json("/revocations/settings")
        if settings["issuer"] != self.issuer:
            raise ValueError("the feed of another issuer")
        self._key = from_base64url(settings["fingerprint_key"])

    def _signed(self, jws, kind):
        """What a JWS of the feed's own keys says; None where signatures cannot be checked here."""
        if Ed25519PublicKey is None:
            return None
        header, payload, signature = jws.split(".")
        protected = json.loads(from_base64url(header))
        if protected["alg"] != "EdDSA" or protected["typ"] != kind:
            raise ValueError("signed in another way, or for something else")
        kid = protected["kid"]
        if kid not in self._keys:
            keys = self._json("/revocations/jwks")["keys"]
            self._keys = {key["kid"]: Ed25519PublicKey.from_public_bytes(from_base64url(key["x"])) for key in keys}
        try:
            self._keys[kid].verify(from_base64url(signature), (header + "." + payload).encode())
        except InvalidSignature as error:
            raise ValueError("a signature that is wrong") from error
        return json.loads(from_base64url(payload))

    def _json(self, path, body=None):
        with self._open(path, {}, timeout=self.max_staleness, body=body) as answer:
            return json.load(answer)

    def _open(self, path, headers, timeout, body=None):
        for again in (True, False):
            if self._token is None:
                self._token = self._access_token()
            sent = {"Authorization": "Bearer " + self._token, **headers}
            data = None if body is None else json.dumps(body).encode()
            if data is not None:
                sent["Content-Type"] = "application/json"
            try:
                return urllib.request.urlopen(urllib.request.Request(self.issuer + path, data, sent), timeout=timeout)
            except urllib.error.HTTPError as error:
                if error.code != 401 or not again:
                    raise
                self._token = None  # expired, or revoked
        raise AssertionError("not reached")

    def _access_token(self):
        pair = ":".join(urllib.parse.quote_plus(part) for part in self._credentials)
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "rescind:feed"}).encode()
        request = urllib.request.Request(self.issuer + "/oauth2/token", form, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["access_token"]
