"""Jobs that install the application themselves, by Helm or by hand, instead of leaving its objects to the package.

Which Job is one: the profile names it (``installer.job``, a pattern), or its author (annotation
``changeover.dev/installer: "true"``), or it runs as KOTS's own administrator, which only such packages need.

What such a Job does is not known before it has run, so its class is `unknown`. It runs when anything of the revision
differs from the one before: its settings stand in other objects of the package. On the way back the old revision's own
installer runs again; nothing is ever uninstalled to try again.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from changeover.objects import GROUP, KubeObject
from changeover.release.profile import Profile
from changeover.render.revision import Revision

HANDLER = "installer"
"""On an ObjectChange: its step runs the Job and sees to its outcome."""
REFERENCE = "runs-its-own-installer"
WORDS = "runs its own installer"
ANNOTATION = f"{GROUP}/installer"
KOTS_ACCOUNT = "kotsadm"
RUN, IDLE = "run", "idle"


def is_installer(obj: KubeObject, profile: Profile) -> bool:
    """Decide whether a Job installs the application itself."""
    if obj.kind != "Job":
        return False
    if profile.installer and fnmatchcase(obj.name, profile.installer.job):
        return True
    return obj.annotations.get(ANNOTATION) == "true" or account_of(obj) == KOTS_ACCOUNT


def account_of(job: KubeObject) -> str:
    """The service account that its pods run as."""
    return str(job.get("spec", "template", "spec", "serviceAccountName", default="") or "")


def installers_of(revision: Revision | None, profile: Profile) -> tuple[KubeObject, ...]:
    """The installers of a revision."""
    return tuple(obj for obj in revision.objects if is_installer(obj, profile)) if revision else ()


def turn_of(obj: KubeObject, profile: Profile, *, new: Revision, old: Revision | None) -> str:
    """Whether an installer runs in this change: empty for what is none."""
    if not is_installer(obj, profile):
        return ""
    return RUN if old is None or old.digest != new.digest else IDLE


def reason(profile: Profile) -> str:
    """Why nobody knows what it will do."""
    lists = profile.installer.lists if profile.installer else None
    if lists:
        return f"{WORDS}: it lists its objects in ConfigMap {lists.config_map}, which are compared when it has run"
    return f"{WORDS}: what it changes is not known"


def seconds(profile: Profile) -> float:
    """How long it may take."""
    return float(profile.installer.timeout_seconds) if profile.installer else 3600.0


def names(jobs: Iterable[KubeObject]) -> str:
    """``Job/installer-5``, for people."""
    return ", ".join(str(job.ref) for job in jobs)
