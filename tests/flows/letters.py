"""A small KOTS package of our own with questions, in two releases: the second renames, drops, retypes and adds some."""

from pathlib import Path

import yaml

CONFIG = """apiVersion: kots.io/v1beta1
kind: Config
metadata: {name: letters}
spec:
  groups:
  - name: basics
    title: Basics
    items:
    - name: HOST
      title: Name of the host
      type: text
      required: true
      validation: {regex: {pattern: '^[a-z.]+$', message: a host has small letters and dots only}}
    - {name: colour, type: text, default: blue}
    - {name: admin_password, title: Password, type: password}
"""
FIRST = "    - {name: legacy, type: text}\n    - {name: copies, type: text, default: '1'}\n"
SECOND = """    - {name: copies, type: bool, default: '0'}
    - {name: owner, type: text, required: true, default: nobody}
"""
MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: letters}
data:
  host: 'repl{{ ConfigOption "HOST" }}'
  colour: repl{{ ConfigOption "colour" }}
---
apiVersion: v1
kind: Secret
metadata: {name: letters}
stringData:
  password: 'repl{{ ConfigOption "admin_password" }}'
"""
APPLICATION = "apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: letters}\nspec: {title: Letters}\n"
HEAD = "apiVersion: changeover.dev/v1alpha1\nkind: Release\nmetadata: {name: letters}\n"
PASSWORD = "correct-horse-battery"


def publish(folder: Path) -> Path:
    """Write the channel; returns where it is."""
    second = HEAD + "config: {renames: {host: hostname}}\n"
    for version, host, more, release in (("1.0.0", "host", FIRST, HEAD), ("2.0.0", "hostname", SECOND, second)):
        place = folder / version
        place.mkdir(parents=True)
        (place / "config.yaml").write_text(CONFIG.replace("HOST", host) + more)
        (place / "objects.yaml").write_text(MAP.replace("HOST", host))
        (place / "release.yaml").write_text(release + f"version: '{version}'\n")
        application = (
            "apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: letters}\nspec: {title: Letters}\n"
        )
        (place / "app.yaml").write_text(application)
    listed = [{"version": version, "cursor": at, "package": version} for at, version in enumerate(("1.0.0", "2.0.0"))]
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "letters"}}
    (folder / "channel.yaml").write_text(yaml.safe_dump({**head, "releases": listed}))
    return folder
