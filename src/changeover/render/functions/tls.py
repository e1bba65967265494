"""TLSCert and its family: certificates with a name, the same wherever the name is used, kept for the Installation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from changeover.gotemplate.problem import CallFailed
from changeover.gotemplate.signatures import Function, table
from changeover.gotemplate.sources import CertificateRequest
from changeover.gotemplate.sprig.crypto import texts
from changeover.render.functions.keeping import Keeper

_REQUEST = "string list list int"
Pair = tuple[str, str]


def functions(keeper: Keeper) -> dict[str, Function]:
    """The TLS functions; (certificate, key) pairs are found by name and common name."""
    named: dict[str, Pair] = {}
    make = _Maker(keeper)

    def leaf(name: str, *request: Any) -> Pair:
        pair = make.pair("genCertificate", (name, request[0]), lambda: _request(*request))
        named[name] = pair
        return pair

    def key(name: str, *request: Any) -> str:
        if not request:
            return named.get(name, ("", ""))[1]
        if len(request) != 4 or not isinstance(request[0], str) or not isinstance(request[3], int):
            raise CallFailed("TLSKey takes a name, or a name, a common name, addresses, names and days")
        return leaf(name, *request)[1]

    def authority(name: str, days: int) -> Pair:
        return make.pair("genAuthority", (name,), lambda: CertificateRequest(name, days=days, is_authority=True))

    def signed(ca: str, name: str, *request: Any) -> Pair:
        signer = authority(ca, request[-1])
        return make.pair("genSignedCertificate", (ca, name, request[0]), lambda: _request(*request, signer=signer))

    return table(
        {
            "TLSCert": (lambda name, *request: leaf(name, *request)[0], f"string {_REQUEST}"),
            "TLSKey": (key, "string ...any"),
            "TLSCACert": (lambda name, days: authority(name, days)[0], "string int"),
            "TLSCertFromCA": (lambda ca, name, *request: signed(ca, name, *request)[0], f"string string {_REQUEST}"),
            "TLSKeyFromCA": (lambda ca, name, *request: signed(ca, name, *request)[1], f"string string {_REQUEST}"),
        }
    )


class _Maker:
    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def pair(self, function: str, names: tuple[str, ...], request: Callable[[], CertificateRequest]) -> Pair:
        def produce() -> str:
            try:
                return json.dumps(self._keeper.certificate(request()))
            except ValueError as error:
                raise CallFailed(str(error)) from None

        certificate, key = json.loads(self._keeper.everywhere(function, names, produce))
        return certificate, key


def _request(*parts: Any, signer: Pair | None = None) -> CertificateRequest:
    """The common name is one of the names as well: clients look nowhere else (the reference leaves it out)."""
    common_name, addresses, names, days = parts
    hosts = tuple(dict.fromkeys((common_name, *texts(names, "dns")))) if common_name else texts(names, "dns")
    return CertificateRequest(common_name, texts(addresses, "ip"), hosts, days, signer=signer)
