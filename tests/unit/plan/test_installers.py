"""Which Jobs install the application themselves, when it is their turn, and what that means for plan and way back."""

import pytest

from changeover.objects import Kind, KubeObject, Ref
from changeover.plan import classes, installers, wayback
from changeover.plan.model import DryRun, Effect, ObjectChange
from changeover.release.profile import Installer, Listing, Profile
from changeover.render.revision import Revision
from changeover.runs.verbs.installing import helm_record, listed

PROFILE = Profile(installer=Installer(job="installer-*", lists=Listing(config_map="app")))


def job(
    name: str, *, account: str = "", kind: str = "Job", note: str = "", status: dict[str, object] | None = None
) -> KubeObject:
    metadata = {
        "name": name,
        "namespace": "home",
        "uid": "1",
        "annotations": {installers.ANNOTATION: note} if note else {},
    }
    spec = {"template": {"spec": {"serviceAccountName": account, "containers": []}}}
    return KubeObject(
        {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status or {}}
    )


@pytest.mark.parametrize(
    ("obj", "profile", "wanted"),
    [
        (job("installer-5"), PROFILE, True),
        (job("migrate-5"), PROFILE, False),
        (job("installer-5"), Profile(), False),
        (job("migrate", account="kotsadm"), Profile(), True),
        (job("migrate", note="true"), Profile(), True),
        (job("installer-5", kind="CronJob"), PROFILE, False),
    ],
)
def test_which_job_is_an_installer(obj: KubeObject, profile: Profile, *, wanted: bool) -> None:
    assert installers.is_installer(obj, profile) is wanted


@pytest.mark.parametrize(("old", "turn"), [("", "run"), ("a", "run"), ("b", "idle")])
def test_it_runs_whenever_anything_of_the_revision_differs(old: str, turn: str) -> None:
    before = Revision("1", (), old) if old else None
    assert installers.turn_of(job("installer-1"), PROFILE, new=Revision("2", (), "b"), old=before) == turn
    assert installers.turn_of(job("other"), PROFILE, new=Revision("2", (), "b"), old=before) == ""


@pytest.mark.parametrize(
    ("turn", "live", "effect", "words"),
    [
        ("run", None, Effect.UNKNOWN, installers.WORDS),
        ("run", job("installer-1", status={"active": 1}), Effect.FORBIDDEN, "at work already"),
        (
            "run",
            job("installer-1", status={"conditions": [{"type": "Complete", "status": "True"}]}),
            Effect.UNKNOWN,
            "own installer",
        ),
        ("idle", None, Effect.UNCHANGED, "not run again"),
    ],
)
def test_the_class_of_an_installer(turn: str, live: KubeObject | None, effect: Effect, words: str) -> None:
    obj = job("installer-1")
    case = classes.Case(obj.ref, obj, live, DryRun(obj), installer=turn, installs=installers.reason(PROFILE))
    decision = classes.effect_of(case)
    assert decision is not None
    assert (decision.effect, words in decision.reason) == (effect, True)
    assert (decision.handler == installers.HANDLER) is (effect is Effect.UNKNOWN)


def test_an_installer_that_the_server_refuses_is_refused() -> None:
    obj = job("installer-1")
    case = classes.Case(obj.ref, obj, None, DryRun(None, 403, "no right"), installer="run", installs="x")
    decision = classes.effect_of(case)
    assert decision is not None
    assert decision.effect is Effect.FORBIDDEN


def change(name: str) -> ObjectChange:
    return ObjectChange(Ref(Kind("batch/v1", "Job"), "home", name), Effect.UNKNOWN, handler=installers.HANDLER)


def test_the_old_installer_runs_on_the_way_back() -> None:
    back = wayback.undone([change("installer-2")], {}, {}, installers=[job("installer-1")])
    assert [(one.ref.name, one.effect, one.handler) for one in back] == [
        ("installer-2", Effect.PRUNE, ""),
        ("installer-1", Effect.UNKNOWN, installers.HANDLER),
    ]
    same = wayback.undone([change("installer-1")], {}, {}, installers=[job("installer-1")])
    assert [(one.ref.name, one.effect) for one in same] == [("installer-1", Effect.UNKNOWN)]
    first = wayback.undone([change("installer-1")], {}, {})
    assert [(one.effect, "nothing is uninstalled" in one.reason) for one in first] == [(Effect.PRUNE, True)]


@pytest.mark.parametrize(
    ("release", "before", "after", "wrong"),
    [
        ("", {}, {}, ""),
        ("app", {}, {}, "no record of a release app"),
        ("app", {}, {"app": ["1", "deployed"]}, ""),
        ("", {"app": ["1", "deployed"]}, {"app": ["2", "failed"]}, "app is failed in revision 2"),
        ("", {"old": ["3", "failed"]}, {"old": ["3", "failed"]}, ""),
        ("app", {"app": ["2", "pending-upgrade"]}, {"app": ["2", "pending-upgrade"]}, "pending-upgrade"),
    ],
)
def test_what_helms_record_says(
    release: str, before: dict[str, list[str]], after: dict[str, list[str]], wrong: str
) -> None:
    said = helm_record.wrong(release, before, after)
    assert wrong in said
    assert bool(said) is bool(wrong)


def test_what_an_installer_did_to_its_objects() -> None:
    claim, web, gone = "PersistentVolumeClaim/home/data", "Deployment.apps/home/web", "Service/home/old"
    before = {claim: ["u1", "d1"], web: ["u2", "d2"], gone: ["u3", "d3"]}
    compared = listed.compare(before, {claim: ["u9", "d1"], web: ["u2", "d9"], "Service/home/new": ["u4", "d4"]})
    assert compared == {"created": ["Service/home/new"], "changed": [web], "replaced": [claim], "removed": [gone]}
    assert listed.lost_data(compared) == [claim]
