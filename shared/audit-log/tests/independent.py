"""A second verifier of audit logs, written from the specifications alone (RFC 6962, RFC 8032, C2SP tlog-tiles and signed-note).

    independent.py ROOT             ROOT/key and cases ROOT/*/log with ROOT/*/known/*: one line per case
    independent.py KEY DIR [NOTE…]  one log; earlier checkpoints as NOTEs; exit code 0 holds, 1 broken
"""
import base64, hashlib, json, os, re, sys

sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()


class Broken(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Broken(why)


# Ed25519 (RFC 8032, 5.1.7), in extended homogeneous coordinates.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


def point(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    need(y < P, "a point is not on the curve")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    need((x * x - square) % P == 0 and not (x == 0 and sign), "a point is not on the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def is_signed(key, message, signature):
    if len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    try:
        left, right = times(s, BASE), add(point(signature[:32]), times(k, point(key)))
    except Broken:
        return False
    return s < L and all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def strict64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Broken("not base64")
    need(base64.b64encode(data).decode() == text, "not base64 in its one form")
    return data


def checkpoint(note, vkey):
    """Size and root of a signed checkpoint."""
    name, key_id, key = vkey.strip().split("+", 2)
    key = strict64(key)
    need(key[:1] == b"\x01" and sha(name.encode(), b"\n", key)[:4].hex() == key_id, "not an Ed25519 verifier key")
    try:
        note = note.decode()
    except UnicodeDecodeError:
        raise Broken("the checkpoint is no text")
    text, blank, signatures = note.rpartition("\n\n")
    need(blank and signatures.endswith("\n"), "the checkpoint is no signed note")
    text, signed = text + "\n", False
    for line in signatures[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([^ ]+)", line)
        need(match, "a signature line has another form")
        data = strict64(match[2])
        if match[1] == name and data[:4].hex() == key_id:
            need(is_signed(key[1:], text.encode(), data[4:]), "the signature is false")
            signed = True
    need(signed, "not signed by the trusted key")
    lines = text.split("\n")
    need(lines[0] == name and len(lines) == 4 and re.fullmatch("0|[1-9][0-9]*", lines[1]), "the text is no checkpoint")
    return int(lines[1]), strict64(lines[2])


def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha()
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\1", root(hashes[:k]), root(hashes[k:]))


def read(directory, kind, index, width):
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    path = os.path.join(directory, "tile", kind, *groups) + (f".p/{width}" if width < 256 else "")
    need(os.path.isfile(path), f"{path} is missing")
    with open(path, "rb") as file:
        return file.read()


def entries(data):
    while data:
        length = int.from_bytes(data[:2], "big")
        need(len(data) >= 2 + length, "an entry is cut short")
        yield data[2 : 2 + length]
        data = data[2 + length :]


def verify(directory, vkey, known):
    path = os.path.join(directory, "checkpoint")
    need(os.path.isfile(path), "the checkpoint is missing")
    with open(path, "rb") as file:
        size, signed_root = checkpoint(file.read(), vkey)
    tenant = vkey.split("+")[0].rsplit("/", 1)[-1]
    leaves = []
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        bundle = list(entries(read(directory, "entries", index, width)))
        need(len(bundle) == width, f"bundle {index} holds {len(bundle)} entries, not {width}")
        for entry in bundle:
            leaves.append(sha(b"\0", entry))
            need(json.loads(entry)["tenant"] == tenant, "an event of another tenant")
    row, level = leaves, 0
    while row:
        for index in range((len(row) + 255) // 256):
            part = row[256 * index : 256 * index + 256]
            need(read(directory, str(level), index, len(part)) == b"".join(part), f"tile {level}/{index} differs")
        row = [root(row[i : i + 256]) for i in range(0, len(row) // 256 * 256, 256)]
        level += 1
    need(root(leaves) == signed_root, "the events are not those that were signed")
    for note in known:
        earlier, earlier_root = checkpoint(note, vkey)
        need(earlier <= size, "fewer events than were signed before")
        need(root(leaves[:earlier]) == earlier_root, "another history was signed before")
    return size


def verdict(directory, vkey, known):
    try:
        return f"holds: {verify(directory, vkey, known)} events"
    except Broken as why:
        return f"broken: {why}"
    except (ValueError, KeyError, TypeError) as why:
        return f"broken: an event can't be read: {why}"


def contents(directory):
    return [open(os.path.join(directory, name), "rb").read() for name in sorted(os.listdir(directory))]


if __name__ == "__main__":
    first, *rest = sys.argv[1:]
    if rest:
        said = verdict(rest[0], open(first).read(), [open(name, "rb").read() for name in rest[1:]])
        print(said)
        sys.exit(0 if said.startswith("holds") else 1)
    vkey = open(os.path.join(first, "key")).read()
    for case in sorted(os.listdir(first)):
        if case != "key":
            home = os.path.join(first, case)
            print(case, verdict(os.path.join(home, "log"), vkey, contents(os.path.join(home, "known"))))
