"""Kiosk: a package of our own that installs itself, as Gitpod's did; a channel with releases that go wrong."""

from pathlib import Path

import yaml

PASSWORD = "Correct4Horse7Battery"
RELEASES = {"1.0.0": "", "1.1.0": "", "1.2.0": "fail", "1.3.0": "pending", "1.4.0": "hang", "1.5.0": "lose"}
PROFILE = """apiVersion: changeover.dev/v1alpha1
kind: Profile
metadata: {name: kiosk}
installer:
  job: installer-*
  release: kiosk
  lists: {configMap: kiosk-app, key: app.yaml}
  rights: {serviceAccount: kotsadm, clusterRole: admin, everywhere: false}
  timeoutSeconds: 20
"""
APPLICATION = """apiVersion: kots.io/v1beta1
kind: Application
metadata: {name: kiosk}
spec: {title: Kiosk, statusInformers: [deployment/kiosk]}
"""
CONFIG = """apiVersion: kots.io/v1beta1
kind: Config
metadata: {name: kiosk}
spec:
  groups:
  - name: basics
    items:
    - {name: colour, type: text, default: blue}
    - {name: password, type: password, required: true}
"""
JOB = """apiVersion: v1
kind: Secret
metadata: {name: kiosk-settings}
stringData:
  COLOUR: 'repl{{ ConfigOption "colour" }}'
  PASSWORD: 'repl{{ ConfigOption "password" }}'
---
apiVersion: batch/v1
kind: Job
metadata: {name: 'installer-repl{{ Cursor }}'}
spec:
  ttlSecondsAfterFinished: 0
  backoffLimit: 0
  template:
    metadata: {labels: {app: kiosk-installer}}
    spec:
      serviceAccountName: kotsadm
      restartPolicy: Never
      containers:
      - name: installer
        image: IMAGE
        envFrom: [{secretRef: {name: kiosk-settings}}]
        env: [{name: VERSION, value: 'RELEASE'}, {name: MODE, value: 'WRONG'}, {name: IMAGE, value: 'IMAGE'}]
"""


def publish(folder: Path, image: str) -> Path:
    """Write channel and profile; returns the channel."""
    channel = folder / "channel"
    for version, mode in RELEASES.items():
        place = channel / version
        place.mkdir(parents=True)
        (place / "app.yaml").write_text(APPLICATION)
        (place / "config.yaml").write_text(CONFIG)
        job = JOB.replace("IMAGE}", f"{image}}}").replace("image: IMAGE", f"image: {image}")
        job = job.replace("value: 'IMAGE'", f"value: '{image}'").replace("RELEASE", version).replace("WRONG", mode)
        (place / "job.yaml").write_text(job)
    listed = [{"version": version, "cursor": at, "package": version} for at, version in enumerate(RELEASES, start=1)]
    head = {"apiVersion": "changeover.dev/v1alpha1", "kind": "Channel", "metadata": {"name": "kiosk"}}
    (channel / "channel.yaml").write_text(yaml.safe_dump({**head, "releases": listed}))
    (folder / "profile.yaml").write_text(PROFILE)
    return channel
