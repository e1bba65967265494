r"""What is taken out of every file by default, as Troubleshoot does: names, patterns, and a word that must be there.

In a pattern the group ``mask`` is hidden, ``drop`` is removed, and every other group stays.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A default redactor: with `selector` it looks at the line after one that the selector matches."""

    name: str
    redactor: str
    scan: str = ""
    """Must be found in the lower-cased line, else the line is left alone."""
    selector: str = ""


def _variable(words: str, looks: str, scan: str) -> Rule:
    pattern = rf"(?i)(\\\"name\\\":\\\"[^\"]*{words}[^\"]*\\\",\\\"value\\\":\\\")(?P<mask>[^\"]*)(\\\")"
    return Rule(f"Redact values for environment variables {looks}", pattern, scan)


def _setting(words: str, shown: str) -> Rule:
    name = f"Redact '{shown}' values commonly found in database connection strings"
    return Rule(name, rf"(?i)({words} *= *)(?P<mask>[^\;]+)(;)", words.lower())


def _next_line(name: str, words: str, scan: str) -> Rule:
    selector = rf"(?i)\"name\": *\"[^\"]*{words}[^\"]*\""
    return Rule(name, r"(?i)(\"value\": *\")(?P<mask>.*[^\"]*)(\")", scan, selector)


_DATABASE = "Redact database connection strings that contain username and password"
_PART = r"(?P<mask>[^:\"\/]*){1}"
SINGLE: tuple[Rule, ...] = (
    _variable("SECRET_?ACCESS_?KEY", "that look like AWS Secret Access Keys", "secret_?access_?key"),
    _variable("ACCESS_?KEY_?ID", "that look like AWS Access Keys", "access_?key_?id"),
    _variable("OWNER_?ACCOUNT", "that look like AWS Owner or Account numbers", "owner_?account"),
    _variable("password", "with names beginning with 'password'", "password"),
    _variable("token", "with names beginning with 'token'", "token"),
    _variable("database", "with names beginning with 'database'", "database"),
    _variable("user", "with names beginning with 'user'", "user"),
    Rule(
        "Redact connection strings with username and password",
        r"(?i)(https?|ftp)(:\/\/)(?P<mask>[^:\"\/]+){1}(:)(?P<mask>[^@\"\/]+){1}(?P<host>@[^:\/\s\"]+){1}(?P<port>:[\d]+)?",
        r"(https?|ftp):\/\/[^:\"\/\n]+:[^@\"\/\n]+@",
    ),
    Rule(_DATABASE, rf"\b{_PART}(:){_PART}(@tcp\(){_PART}(?P<port>:[\d]*)?(\)\/)(?P<mask>[\w\S]+){{1}}\b", "@tcp"),
    Rule(
        _DATABASE,
        rf"\b(\w*:\/\/){_PART}(:){_PART}(@){_PART}(?P<port>:[\d]*)?(\/)(?P<mask>[\w\S]+){{1}}\b",
        r":\/\/[^:\"\/\n]*:[^:\"\/\n]*@",
    ),
    _setting("Data Source", "Data Source"),
    _setting("location", "location"),
    _setting("User ID", "User ID"),
    _setting("password", "password"),
    _setting("Server", "Server"),
    _setting("Database", "Database"),
    _setting("Uid", "UID"),
    _setting("Pwd", "Pwd"),
)
MULTI: tuple[Rule, ...] = (
    _next_line("Redact AWS Secret Access Key values in multiline JSON", "SECRET_?ACCESS_?KEY", "secret_?access_?key"),
    _next_line("Redact AWS Access Key ID values in multiline JSON", "ACCESS_?KEY_?ID", "access_?key_?id"),
    _next_line("Redact AWS Owner and Account Numbers in multiline JSON", "OWNER_?ACCOUNT", "owner_?account"),
    _next_line("Redact password environment variables in multiline JSON", "password", "password"),
    _next_line("Redact values that look like API tokens in multiline JSON", "token", "token"),
    _next_line("Redact database connection strings in multiline JSON", "database", "database"),
    _next_line("Redact usernames in multiline JSON", "user", "user"),
    Rule(
        "Redact 'key' values found in Ceph auth lists",
        r"(?i)(\"key\": *\")(?P<mask>.{38}==[^\"]*)(\")",
        "(osd|client|mgr)",
        r"(?i)\"entity\": *\"(osd|client|mgr)\..*[^\"]*\"",
    ),
)
KURL = {
    "name": "Redact kurl installer fields",
    "fileSelector": {
        "files": [
            "cluster-resources/custom-resources/installers.cluster.kurl.sh.json",
            "cluster-resources/custom-resources/installers.cluster.kurl.sh/*.json",
            "cluster-resources/custom-resources/installers.cluster.kurl.sh.yaml",
            "cluster-resources/custom-resources/installers.cluster.kurl.sh/*.yaml",
        ]
    },
    "removals": {
        "regex": [
            {"redactor": r"(\"?bootstrapToken\"?: *\"?)(?P<mask>[^\",\n]*)(\"?,?)"},
            {"redactor": r"(\"?certKey\"?: *\"?)(?P<mask>[^\",\n]*)(\"?,?)"},
            {"redactor": r"(\"?kubeadmToken\"?: *\"?)(?P<mask>[^\",\n]*)(\"?,?)"},
            {"redactor": r"(\"?kubectl\.kubernetes\.io\/last-applied-configuration\"?: *\"?)(?P<mask>.*[^\"])(\"?)"},
        ]
    },
}
"""A redactor in the form in which vendors write them; it is always there."""
