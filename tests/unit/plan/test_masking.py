import base64

import pytest

from changeover.plan.diff import compare
from changeover.plan.masking import Masking, looks_secret
from changeover.plan.show import shown
from tests.unit.plan.world import config_map, deployment, obj, with_

SECRET = "correct horse"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True),
        ("jwtSecret", True),
        ("GITHUB_TOKEN", True),
        ("apiKey", True),
        ("secretKey", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("storageAccessKey", True),
        ("privateKey", True),
        (".dockerconfigjson", True),
        ("secretName", False),
        ("secretRef", False),
        ("tokenPath", False),
        ("imagePullSecrets", False),
        ("passwordFile", False),
        ("author", False),
        ("key", False),
        ("image", False),
    ],
)
def test_names_that_look_secret(name: str, *, secret: bool) -> None:
    assert looks_secret(name) is secret


def test_a_fingerprint_tells_equal_from_different_and_depends_on_the_key() -> None:
    one, other = Masking.of(b"k1", ()), Masking.of(b"k2", ())
    assert one.fingerprint("a") == one.fingerprint("a") != one.fingerprint("b")
    assert one.fingerprint("a") != other.fingerprint("a")


HELD = obj("v1", "Secret", "s", data={"a": base64.b64encode(b"held-by-A-secret-1").decode(), "b": "Z2l0cG9k"})
MASKING = Masking.of(b"key", [SECRET, "multi-line-secret-1\nmulti-line-secret-2"], objects=[HELD])


@pytest.mark.parametrize(
    "text",
    [
        f"url: mysql://root:{SECRET}@db",
        SECRET,
        base64.b64encode(SECRET.encode()).decode(),
        '{"cert": "multi-line-secret-1\\nmulti-line-secret-2"}',
        "  multi-line-secret-2\n",
        "password: hunter22",
        '{"jwtSecret": "hunter22"}',
        "JWT_SECRET='hunter22'",
        "admin:$2a$10$hunter22hunter22hunter22hunter22hunter22",
        f"auth {base64.b64encode(b'$2a$10$hunter22' * 5).decode()}",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter22\n-----END RSA PRIVATE KEY-----",
        '"user": "held-by-A-secret-1"',
    ],
)
def test_secrets_in_texts_are_hidden(text: str) -> None:
    masked = MASKING.text(text)
    for leak in (SECRET, base64.b64encode(SECRET.encode()).decode(), "multi-line-secret", "hunter22", "held-by"):
        assert leak not in masked
    assert "secret:" in masked


@pytest.mark.parametrize(
    "text",
    [
        "replicas: 3",
        "secretName: tls",
        "enabled: true",
        "password: ''",
        "eu.gcr.io/gitpod-core-dev/build/server:commit-493a12779516",
        f"image@sha256:{'0a' * 32}",
    ],
)
def test_what_is_not_secret_stays_readable(text: str) -> None:
    assert MASKING.text(text) == text


def test_data_of_a_secret_is_never_shown_but_a_change_is_seen() -> None:
    before, after = (obj("v1", "Secret", "s", data={"a": value}) for value in ("b25l", "dHdv"))
    (field,) = shown(compare(before, after), "Secret", masking=MASKING)
    assert field.path == "data.a"
    assert field.before != field.after
    assert "b25l" not in f"{field.before}{field.after}"
    (whole,) = shown(compare(obj("v1", "Secret", "s"), after), "Secret", masking=MASKING)
    assert whole.before is None
    assert "dHdv" not in str(whole.after)


def test_a_variable_with_a_secret_name_is_hidden_whether_changed_or_added() -> None:
    path = ("spec", "template", "spec", "containers", 0, "env")
    plain = [{"name": "DB_PASSWORD", "value": "hunter22"}]
    changed = with_(deployment(), [{"name": "DB_PASSWORD", "value": "hunter33"}], *path)
    for before, after in ((with_(deployment(), plain, *path), changed), (deployment(), changed)):
        (field,) = shown(compare(before, after), "Deployment", masking=MASKING)
        assert "hunter" not in f"{field.before}{field.after}"
        assert "secret:" in str(field.after)


def test_of_a_long_text_only_changed_lines_are_shown_and_a_cut_never_uncovers_a_secret() -> None:
    lines = [f"line {n}: value" for n in range(200)]
    before = "\n".join(lines)
    after = "\n".join([*lines[:100], "x" * 190 + SECRET, *lines[101:]])
    (field,) = shown(compare(config_map(a=before), config_map(a=after)), "ConfigMap", masking=MASKING)
    assert field.before == '"line 100: value"'
    assert "correct" not in str(field.after)
    assert len(str(field.after)) < 250
