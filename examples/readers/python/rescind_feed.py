"""The formats of Rescind's feed: fingerprints, the chain of entries, the snapshot, and the rule.

docs/reference/feed.md, byte by byte. Python's standard library only; no network, no clock.
"""

import base64
import hashlib
import hmac
import struct

UNITS = ["token", "grant", "session", "logout", "subject", "client", "subject+client", "key", "signing-key", "issuer", "all"]
NARROW = {"token", "grant", "signing-key"}
ORIGIN = (0, bytes(32))
CLOCK_TOLERANCE = 10  # seconds
EPOCH = 2**20


class Gap(Exception):
    """An entry or a snapshot that does not follow or is not understood: load again, and accept nothing until then."""


def to_base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise ValueError("not canonical base64url: %r" % text)
    return data


def length_prefixed(*texts):
    # A lone surrogate, which has no UTF-8, is encoded as U+FFFD.
    encoded = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode() for text in texts]
    return b"".join(struct.pack(">I", len(one)) + one for one in encoded)


def fingerprint(key, issuer, unit, *values):
    """16 bytes that name a unit; `values` is the empty text for `issuer` and `all`, subject and client for `subject+client`."""
    return hmac.new(key, length_prefixed("rescind/1", issuer, unit, *values), hashlib.sha256).digest()[:16]


def units_of(claims, issuer, kid=None):
    """What the token belongs to, as (unit, values). `kid` is that of the header that verified the signature."""
    ours = claims["iss"] == issuer
    units = []
    if "jti" in claims:
        units.append(("token", [claims["jti"]]))
    if not ours:
        if "sub" in claims:
            units.append(("subject", [claims["sub"]]))
        return units + [("issuer", [""])]
    for unit, claim in [("grant", "grant_id"), ("session", "sid"), ("key", "key_id")]:
        if claim in claims:
            units.append((unit, [claims[claim]]))
    if "sid" in claims and claims.get("offline") is not True:
        units.append(("logout", [claims["sid"]]))
    if claims["sub"] != claims["client_id"]:
        units.append(("subject", [claims["sub"]]))
    units += [("client", [claims["client_id"]]), ("subject+client", [claims["sub"], claims["client_id"]]), ("all", [""])]
    if kid is not None:
        units.append(("signing-key", [kid]))
    return units


def covers(entry, claims, ours):
    """The rule: whether one entry, of a unit of this token or of its lineage, covers it."""
    if entry.get("suspend") or entry["unit"] in NARROW:
        return True
    if ours and "rev" in claims and claims["rev"] >= entry["seq"]:
        return False
    authorised = claims.get("grant_iat", claims.get("iat"))
    if "before" not in entry or authorised is None:
        return True
    return authorised <= entry["before"] + (0 if ours else CLOCK_TOLERANCE)


def canonical(entry):
    """The bytes that the hash of an entry is made of, beside the hash before it."""
    suspend = "true" if entry.get("suspend") else ""
    members = {**entry, "suspend": suspend}
    order = ["seq", "kind", "unit", "fp", "before", "suspend", "expires", "lifts"]
    return length_prefixed(*[str(members.get(name, "")) for name in order])


def next_hash(before, entry):
    return hashlib.sha256(before + canonical(entry)).digest()


def follows(seq, entry):
    """Numbers have no gaps, but for a new epoch, which begins with an entry of `all` or an `epoch` entry."""
    if entry["seq"] == seq + 1:
        return True
    begins = entry["kind"] == "epoch" or (entry["kind"] == "revoke" and entry.get("unit") == "all")
    return begins and entry["seq"] > seq and entry["seq"] % EPOCH == 1


def check_entry(entry):
    """Raises Gap for a kind or unit that this reader does not know, and for a member that is not what it should be."""
    kind = entry.get("kind")
    numbers = [entry.get(name) for name in ("seq", "before", "expires", "lifts") if name in entry]
    if not all(type(number) is int and 0 <= number < 2**53 for number in numbers) or "seq" not in entry:
        raise Gap("malformed entry")
    if kind == "revoke":
        if entry.get("unit") not in UNITS or len(from_base64url(entry.get("fp", ""))) != 16:
            raise Gap("unknown unit or malformed fingerprint")
        if entry.get("suspend", False) not in (True, False):
            raise Gap("malformed entry")
    elif kind == "lift":
        if "lifts" not in entry:
            raise Gap("a lift of nothing")
    elif kind != "epoch":
        raise Gap("unknown kind %r" % kind)


def read_snapshot(data, issuer):
    """((seq, hash), entries, digest, signature) of a snapshot whose layout and digest are right; else raises Gap.

    The signature is a compact JWS over {iss, seq, hash, digest} that the caller may verify.
    """
    try:
        if data[:8] != b"RSCSNAP\x01":
            raise Gap("no snapshot, or of another version")
        seq, digest_before, count, length = struct.unpack_from(">Q32sIH", data, 8)
        offset = 54 + length
        if data[54:offset].decode() != issuer:
            raise Gap("the snapshot of another issuer")
        entries = []
        for _ in range(count):
            entries.append(_record(data[offset : offset + 40]))
            offset += 40
        numbers = [entry["seq"] for entry in entries]
        if any(a >= b for a, b in zip([0] + numbers, numbers)) or (numbers and numbers[-1] > seq) or seq >= 2**53:
            raise Gap("records out of order")
        digest = data[offset : offset + 32]
        if hashlib.sha256(data[:offset]).digest() != digest:
            raise Gap("the snapshot's digest is wrong")
        (size,) = struct.unpack_from(">H", data, offset + 32)
        signature = data[offset + 34 :]
        if len(signature) != size:
            raise Gap("a byte too many or too few")
        return (seq, digest_before), entries, digest, signature.decode("ascii")
    except (struct.error, UnicodeDecodeError) as cause:
        raise Gap("a snapshot that ends too early or is not text where it should be") from cause


def _record(data):
    print_, seq, before, expires, unit, flags, spare = struct.unpack(">16sQ6s6sBBH", data)
    if not 1 <= unit <= len(UNITS) or flags > 7 or spare != 0:
        raise Gap("an unknown unit or flag")
    entry = {"seq": seq, "kind": "revoke", "unit": UNITS[unit - 1], "fp": to_base64url(print_)}
    if flags & 1:
        entry["suspend"] = True
    for flag, name, number in [(2, "before", before), (4, "expires", expires)]:
        if flags & flag:
            entry[name] = int.from_bytes(number, "big")
        elif any(number):
            raise Gap("a time without its flag")
    return entry


class Revocations:
    """Every standing entry, by fingerprint, and the position {seq, hash} up to which they are known."""

    def __init__(self):
        self.position = ORIGIN
        self._by_fingerprint = {}
        self._by_seq = {}

    def __len__(self):
        return len(self._by_seq)

    def load(self, position, entries):
        self._by_fingerprint, self._by_seq = {}, {}
        for entry in entries:
            self._add(entry)
        self.position = position

    def apply(self, entry, expected):
        """Applies the next entry; False if it is known already. Raises Gap where it does not follow or its hash differs."""
        check_entry(entry)
        seq, before = self.position
        if entry["seq"] <= seq:
            return False
        if not follows(seq, entry):
            raise Gap("entry %d does not follow %d" % (entry["seq"], seq))
        if next_hash(before, entry) != expected:
            raise Gap("the hash of entry %d is not that of this log" % entry["seq"])
        if entry["kind"] == "revoke":
            self._add(entry)
        elif entry["kind"] == "lift":
            self._remove(entry["lifts"])
        self.position = (entry["seq"], expected)
        return True

    def find(self, print_):
        return list(self._by_fingerprint.get(print_, {}).values())

    def forget(self, now):
        """Drops what has expired; `now` in seconds. What such an entry covers cannot be live any more."""
        for entry in [one for one in self._by_seq.values() if one.get("expires", now) < now]:
            self._remove(entry["seq"])

    def _add(self, entry):
        self._by_seq[entry["seq"]] = entry
        # Side by side where a fingerprint repeats, so that a lift takes exactly one back.
        self._by_fingerprint.setdefault(from_base64url(entry["fp"]), {})[entry["seq"]] = entry

    def _remove(self, seq):
        entry = self._by_seq.pop(seq, None)
        if entry is None:
            return
        print_ = from_base64url(entry["fp"])
        del self._by_fingerprint[print_][seq]
        if not self._by_fingerprint[print_]:
            del self._by_fingerprint[print_]
