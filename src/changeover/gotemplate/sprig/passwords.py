"""The password patterns of the Master Password algorithm, which derivePassword follows."""

from __future__ import annotations

SEED = b"com.lyndir.masterpassword"
_PATTERNS = {
    "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    "long": (
        "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv "
        "CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv "
        "CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"
    ),
    "medium": "CvcnoCvc CvcCvcno",
    "short": "Cvcn",
    "basic": "aaanaaan aannaaan aaannaaa",
    "pin": "nnnn",
}
_CONSONANTS = "bcdfghjklmnpqrstvwxyz"
_LETTERS = f"AEIOUaeiou{_CONSONANTS.upper()}{_CONSONANTS}"
_SIGNS = {
    "V": "AEIOU",
    "C": _CONSONANTS.upper(),
    "v": "aeiou",
    "c": _CONSONANTS,
    "A": f"AEIOU{_CONSONANTS.upper()}",
    "a": _LETTERS,
    "n": "0123456789",
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": f"{_LETTERS}0123456789!@#$%^&*()",
}


def from_seed(kind: str, seed: bytes) -> str:
    """The password of a kind that a seed of 32 bytes stands for."""
    if kind not in _PATTERNS:
        return f"cannot find password template {kind}"
    patterns = _PATTERNS[kind].split()
    pattern = patterns[seed[0] % len(patterns)]
    return "".join(_SIGNS[sign][byte % len(_SIGNS[sign])] for sign, byte in zip(pattern, seed[1:], strict=False))
