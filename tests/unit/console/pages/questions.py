"""A KOTS package that asks every kind of question, and the same with something hostile in every text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CONFIG = """apiVersion: kots.io/v1beta1
kind: Config
metadata: {name: desk}
spec:
  groups:
  - name: network
    title: Network ATTACK
    description: About **addresses** ATTACK
    items:
    - name: host
      title: Host ATTACK
      help_text: A *name* ATTACK
      type: text
      required: true
      validation: {regex: {pattern: '^[a-z.]+$', message: small letters and dots only ATTACK}}
    - {name: port, type: text, default: '443', title: Port}
    - {name: tls, type: bool, default: '1', title: Encrypt}
    - name: source
      title: Certificate ATTACK
      type: radio
      default: own
      items: [{name: own, title: My own ATTACK}, {name: made, title: Make one}]
    - {name: cert, title: File, type: file, when: 'repl{{ ConfigOptionEquals "source" "own" }}'}
    - {name: issuer, title: Issuer, type: text, required: true, when: 'repl{{ ConfigOptionEquals "source" "made" }}'}
    - name: mirror
      title: Mirrors ATTACK
      type: text
      repeatable: true
      valuesByGroup: {network: {mirror-1: 'a:5000'}}
  - name: people
    title: People
    items:
    - {name: about, type: label, title: A **class** is what people choose ATTACK}
    - {name: sizes, type: heading, title: Sizes ATTACK}
    - {name: password, type: password, title: Password}
    - {name: notes, type: textarea, title: Notes}
    - name: editors
      type: select_many
      title: Editors
      items: [{name: web, title: Web, default: '1'}, {name: ssh, title: SSH}]
    - name: size
      type: dropdown
      title: Size
      default: small
      items: [{name: small, title: Small}, {name: large, title: Large ATTACK}]
    - {name: key, type: text, title: Key, readonly: true, value: set by us ATTACK}
    - {name: odd, type: ATTACK, title: Odd}
"""
OBJECTS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: desk}\ndata: {host: 'repl{{ ConfigOption \"host\" }}'}\n"
APPLICATION = "apiVersion: kots.io/v1beta1\nkind: Application\nmetadata: {name: desk}\nspec: {title: Desk}\n"
RELEASE = "apiVersion: changeover.dev/v1alpha1\nkind: Release\nmetadata: {name: desk}\nversion: '1.0.0'\n"


def _with(value: Any, attack: str) -> Any:
    if isinstance(value, dict):
        return {key: _with(inside, attack) for key, inside in value.items()}
    if isinstance(value, list):
        return [_with(inside, attack) for inside in value]
    return value.replace("ATTACK", attack) if isinstance(value, str) else value


def publish(folder: Path, *, attack: str = "") -> Path:
    """Write the package; `attack` goes into every text that a vendor can write."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(_with(yaml.safe_load(CONFIG), attack), sort_keys=False))
    (folder / "objects.yaml").write_text(OBJECTS)
    (folder / "app.yaml").write_text(APPLICATION)
    (folder / "release.yaml").write_text(RELEASE)
    return folder
