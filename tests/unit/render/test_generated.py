"""Generated values: made once, then kept."""

import base64
import re

import pytest
from cryptography import x509

from changeover.channel import generators
from changeover.package.questions import Config
from changeover.render.context import Context
from changeover.render.templates import Templates


def _templates(kept: dict[str, str] | None = None) -> Templates:
    return Templates(Config(), {}, Context("apps", kept=kept or {}), produce=generators.produce)


TEXT = """kind: Secret
metadata: {}
  name: s
a: repl{{ RandomString 12 "[a-z]" }}
b: repl{{ RandomString 12 "[a-z]" }}
c: repl{{ RandomBytes 16 }}
d: repl{{ uuidv4 }}
"""


def test_two_calls_alike_give_two_values_and_both_are_kept() -> None:
    first = _templates()
    text = first.render("s.yaml", TEXT)
    found = dict(line.split(": ") for line in text.splitlines()[3:])
    assert re.fullmatch(r"[a-z]{12}", found["a"])
    assert found["a"] != found["b"]
    assert len(base64.b64decode(found["c"])) == 16
    assert len(first.kept) == 4
    assert _templates(dict(first.kept)).render("s.yaml", TEXT) == text
    assert _templates().render("s.yaml", TEXT) != text


def test_a_certificate_and_its_key_belong_together_in_all_files() -> None:
    templates = _templates()
    call = '"web" "web.example.com" (list "10.0.0.1") (list "alias.example.com") 30'
    certificate = templates.render("a.yaml", f"repl{{{{ TLSCert {call} }}}}")
    key = templates.render("b.yaml", f"repl{{{{ TLSKey {call} }}}}")
    assert templates.render("c.yaml", 'repl{{ TLSKey "web" }}') == key
    assert key.startswith("-----BEGIN RSA PRIVATE KEY-----")
    read = x509.load_pem_x509_certificate(certificate.encode())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["web.example.com", "alias.example.com"]
    assert (read.not_valid_after_utc - read.not_valid_before_utc).days == 30


def test_an_authority_signs() -> None:
    templates = _templates()
    authority = x509.load_pem_x509_certificate(templates.render("a", 'repl{{ TLSCACert "ca" 365 }}').encode())
    signed = templates.render("a", 'repl{{ TLSCertFromCA "ca" "web" "w.example.com" nil nil 365 }}')
    read = x509.load_pem_x509_certificate(signed.encode())
    read.verify_directly_issued_by(authority)


@pytest.mark.parametrize(("kind", "first"), [("rsa", "RSA "), ("ecdsa", "EC "), ("ed25519", "")])
def test_private_keys(kind: str, first: str) -> None:
    assert generators.private_key(kind).startswith(f"-----BEGIN {first}PRIVATE KEY-----")


@pytest.mark.parametrize(
    ("length", "characters", "size"), [(5, "a", 0), (0, "[a-z]", 0), (3, "[[:bad", 0), (8, "[0-9]", 8)]
)
def test_random_strings_follow_their_class(length: int, characters: str, size: int) -> None:
    shown = _templates().render("x", f'repl{{{{ RandomString {length} "{characters}" }}}}')
    assert len(shown) == size


def test_what_cannot_be_made_up_is_refused() -> None:
    with pytest.raises(generators.CannotGenerate):
        generators.produce("nonsense", ())
    with pytest.raises(generators.CannotGenerate):
        generators.private_key("nonsense")
