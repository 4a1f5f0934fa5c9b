"""Ways to break a file at random."""

import bz2
import gzip
import json
import lzma
import math
from functools import partial

MOST = 3  # ways that one file is broken at once
HUGE = (1 << 16, 1 << 20, 3 << 20)  # bytes of a token
ODD_TEXT = [
    *("\ufeff", "\x00", "\r", "\t", "\v", "\f", "\x1b[31m", "\x85", "\xa0", "\u2028", "\u200b"),
    *("\U0001f600", "e\u0301", "/", "|||", " ||| ", "-", "_", "#", "O", "B-", "I-X", "-DOCSTART-"),
    *("0-0", "9999999999-0", "1e999", "NaN", "null", "[" * 5000, '"', "\\", "\u202e", "0" * 5000),
]
ODD_VALUES = [
    *(None, True, -1, 0, 1, 2**31, 2**63, 10**30, 0.5, 1e308, -1e308, 5e-324, math.nan, math.inf),
    *("", "x", "\x00", "../..", "/", "é\n\x1b", [], [[]], {}, {"": None}, "9" * 400),
]
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "cp037", "utf-7", "utf-8-sig")
PACKERS = (partial(gzip.compress, mtime=0), bz2.compress, lzma.compress)


def break_bytes(choose, data):
    """Break a file in one to three ways.

    Parameters
    ----------
    choose : random.Random
    data : bytes

    Returns
    -------
    bytes
    list of str
        What was done.
    """
    ways = choose.choices(WAYS, k=choose.randint(1, MOST))
    for way in ways:
        data = way(choose, data)
    return data, [way.__name__.strip("_").replace("_", " ") for way in ways]


def _spot(choose, data):
    """Return the ends of a random part, most often a short one."""
    begin = choose.randint(0, len(data))
    return begin, min(len(data), begin + int(choose.expovariate(1 / 10)) + 1)


def _flip_bits(choose, data):
    data = bytearray(data)
    for _ in range(choose.choice((1, 1, 2, 10))):
        if data:
            data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    return bytes(data)


def _overwrite(choose, data):
    begin, end = _spot(choose, data)
    return data[:begin] + choose.randbytes(end - begin) + data[end:]


def _insert_bytes(choose, data):
    begin, end = _spot(choose, data)
    return data[:begin] + choose.randbytes(end - begin) + data[begin:]


def _insert_odd_text(choose, data):
    begin, _ = _spot(choose, data)
    return data[:begin] + choose.choice(ODD_TEXT).encode() + data[begin:]


def _insert_huge_token(choose, data):
    begin, _ = _spot(choose, data)
    return (
        data[:begin]
        + choose.choice(b"a0 \n\t/\x00").to_bytes() * choose.choice(HUGE)
        + data[begin:]
    )


def _delete(choose, data):
    begin, end = _spot(choose, data)
    return data[:begin] + data[end:]


def _duplicate(choose, data):
    begin, end = _spot(choose, data)
    return data[:end] + data[begin:end] * choose.choice((1, 1, 5)) + data[end:]


def _truncate(choose, data):
    return data[: choose.randint(0, len(data))]


def _behead(choose, data):
    return data[choose.randint(0, len(data)) :]


def _empty(choose, data):
    return choose.choice((b"", b"\n", b" ", b"\n\n\n", b"\xef\xbb\xbf", b"\x00"))


def _twice(choose, data):
    mark = choose.choice((b"", b"\xef\xbb\xbf"))
    return mark + data + mark + data


def _other_line_ends(choose, data):
    end = choose.choice((b"\r\n", b"\r", b"\n\r", b"\x00", b"\xe2\x80\xa8", b""))
    return data.replace(b"\n", end, choose.choice((-1, 1, 3)))


def _other_encoding(choose, data):
    text = data.decode("utf-8", "replace")
    return text.encode(choose.choice(ENCODINGS), "replace")


def _mojibake(choose, data):
    return data.decode("latin-1").encode()


def _pack(choose, data):
    return choose.choice(PACKERS)(data)


def _swap_lines(choose, data):
    return _with_lines(data, choose.shuffle)


def _drop_line(choose, data):
    return _with_lines(data, lambda lines: lines.pop(choose.randrange(len(lines))))


def _repeat_line(choose, data):
    return _with_lines(
        data, lambda lines: lines.insert(choose.randint(0, len(lines)), choose.choice(lines))
    )


def _empty_line(choose, data):
    return _with_lines(data, lambda lines: lines.insert(choose.randint(0, len(lines)), b""))


def _drop_column(choose, data):
    return _with_columns(choose, data, lambda row: row.pop(choose.randrange(len(row))))


def _repeat_column(choose, data):
    return _with_columns(choose, data, lambda row: row.append(choose.choice(row)))


def _swap_columns(choose, data):
    return _with_columns(choose, data, choose.shuffle)


def _odd_column(choose, data):
    odd = choose.choice(ODD_TEXT).encode()

    def put(row):
        row[choose.randrange(len(row))] = odd

    return _with_columns(choose, data, put)


def _with_lines(data, change):
    lines = data.split(b"\n")
    change(lines)
    return b"\n".join(lines)


def _with_columns(choose, data, change):
    """Change the columns of one line, or those of all."""
    lines = data.split(b"\n")
    one = choose.randrange(len(lines))
    for number in [one] if choose.random() < 0.7 else range(len(lines)):
        separator = b"\t" if b"\t" in lines[number] else b" "
        row = lines[number].split(separator)
        change(row)
        lines[number] = separator.join(row)
    return b"\n".join(lines)


WAYS = [
    *(_flip_bits, _overwrite, _insert_bytes, _insert_odd_text, _insert_huge_token, _delete),
    *(_duplicate, _truncate, _behead, _empty, _twice, _other_line_ends, _other_encoding),
    *(_mojibake, _pack, _swap_lines, _drop_line, _repeat_line, _empty_line, _drop_column),
    *(_repeat_column, _swap_columns, _odd_column),
]


def break_json(choose, data):
    """Return JSON with one value replaced or left out, and what was done."""
    about = json.loads(data)
    places = list(_places(about))
    if not places:
        return break_bytes(choose, data)
    inside, key = choose.choice(places)
    if choose.random() < 0.3:
        del inside[key]
        return json.dumps(about).encode(), [f"without {key!r}"]
    inside[key] = choose.choice([value for value in ODD_VALUES if value is not inside[key]])
    return json.dumps(about).encode(), [f"{key!r} is {str(inside[key])[:20]!r}"]


def _places(value):
    """Yield every place inside a value of JSON, as what it is in and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
