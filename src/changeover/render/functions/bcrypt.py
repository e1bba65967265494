"""bcrypt (OpenBSD's password hash), which htpasswd files use: cost 10, version 2a, from a given salt.

The C library's own is used where it has one (a tenth of a second); else the algorithm below (some seconds).
Blowfish's tables are the digits of pi; they are computed, not copied.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache

COST = 10
_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LIBRARY = "libcrypt.so.1"
_WORDS = 18 + 4 * 256
_SIZE = 60
_MASK = 0xFFFFFFFF


def hashed(password: str, salt: bytes, cost: int = COST) -> str:
    """``$2a$10$…``: the hash of a password with 16 bytes of salt."""
    setting = f"$2a${cost:02d}${_encoded(salt, 22)}"
    data = password.encode("utf-8", "surrogateescape")
    return _by_library(data, setting) or setting + _encoded(_digest(data, salt, cost), 31)


def _by_library(password: bytes, setting: str) -> str | None:
    """What libxcrypt says; None without it, or when it does not know bcrypt."""
    try:
        crypt = ctypes.PyDLL(_LIBRARY).crypt
    except (OSError, AttributeError):
        return None
    crypt.restype, crypt.argtypes = ctypes.c_char_p, [ctypes.c_char_p, ctypes.c_char_p]
    found = crypt(password, setting.encode())
    return found.decode() if found and len(found) == _SIZE and found.startswith(setting[:7].encode()) else None


def _encoded(data: bytes, length: int) -> str:
    bits = "".join(f"{byte:08b}" for byte in data).ljust(length * 6, "0")
    return "".join(_ALPHABET[int(bits[place : place + 6], 2)] for place in range(0, length * 6, 6))


def _digest(password: bytes, salt: bytes, cost: int) -> bytes:
    key = _cycled(password + b"\0", 18)
    words = struct.unpack(">4I", salt)
    state = list(_pi_words())
    _expand(state, key, words)
    plain_salt = _cycled(salt, 18)
    for _ in range(1 << cost):
        _expand(state, key, (0, 0, 0, 0))
        _expand(state, plain_salt, (0, 0, 0, 0))
    text = list(struct.unpack(">6I", b"OrpheanBeholderScryDoubt"))
    for place in range(0, 6, 2):
        for _ in range(64):
            text[place], text[place + 1] = _encrypt(state, text[place], text[place + 1])
    return struct.pack(">6I", *text)[:23]


def _cycled(data: bytes, count: int) -> tuple[int, ...]:
    whole = (data * (count * 4 // len(data) + 1))[: count * 4]
    return struct.unpack(f">{count}I", whole)


def _expand(state: list[int], key: tuple[int, ...], salt: tuple[int, ...]) -> None:
    for place in range(18):
        state[place] ^= key[place]
    left = right = 0
    for place in range(0, _WORDS, 2):
        turn = place & 2
        left, right = _encrypt(state, left ^ salt[turn], right ^ salt[turn + 1])
        state[place], state[place + 1] = left, right


def _encrypt(state: list[int], left: int, right: int) -> tuple[int, int]:
    for place in range(16):
        left ^= state[place]
        mixed = (state[18 + (left >> 24)] + state[274 + (left >> 16 & 255)]) & _MASK
        right ^= ((mixed ^ state[530 + (left >> 8 & 255)]) + state[786 + (left & 255)]) & _MASK
        left, right = right, left
    return right ^ state[17], left ^ state[16]


@cache
def _pi_words() -> tuple[int, ...]:
    """The first words of the fraction of pi, by Machin's formula."""
    bits = _WORDS * 32
    unit = 1 << (bits + 64)
    pi = 4 * (4 * _arctan(5, unit) - _arctan(239, unit))
    fraction = (pi - 3 * unit) >> 64
    return struct.unpack(f">{_WORDS}I", fraction.to_bytes(_WORDS * 4, "big"))


def _arctan(inverse: int, unit: int) -> int:
    power = unit // inverse
    total, divisor, sign = power, 1, 1
    while power:
        power //= inverse * inverse
        divisor += 2
        sign = -sign
        total += sign * (power // divisor)
    return total
