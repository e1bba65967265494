from changeover.objects import KubeObject
from changeover.plan.classes import ON_ROLLBACK
from changeover.plan.model import Effect, ObjectChange
from changeover.plan.strategy import Await
from changeover.plan.waves import in_waves
from changeover.plan.wayback import undone
from tests.unit.plan.world import claim, config_map, deployment, job, obj, revision, stateful_set, with_

NAMESPACE_OBJECT = obj("v1", "Namespace", "app", namespace=None)
SERVICE = obj("v1", "Service", "web")
CUSTOM = obj("cert-manager.io/v1", "Certificate", "tls")


def change(one: KubeObject, effect: Effect = Effect.CREATE, **more: str) -> ObjectChange:
    return ObjectChange(one.ref, effect, **more)


def test_kots_order_in_waves_with_what_leaves_last() -> None:
    gone, gone_settings, gone_home = deployment("gone"), config_map("gone"), obj("v1", "Namespace", "g", namespace=None)
    objects = (CUSTOM, job(), deployment(), stateful_set(), SERVICE, config_map(), claim(), NAMESPACE_OBJECT)
    changes = [change(one) for one in objects]
    changes += [change(one, Effect.PRUNE) for one in (gone_home, gone_settings, gone)]
    waves = in_waves(changes, revision("1", *objects))
    assert [[str(one.ref) for one in wave.changes] for wave in waves] == [
        ["Namespace/app"],
        ["Service/web", "ConfigMap/settings", "PersistentVolumeClaim/files"],
        ["StatefulSet/db"],
        ["Deployment/web"],
        ["Job/migrations"],
        ["Certificate/tls"],
        ["Deployment/gone"],
        ["ConfigMap/gone"],
        ["Namespace/g"],
    ]
    assert [wave.number for wave in waves] == list(range(9))
    assert all(one.wave == wave.number for wave in waves for one in wave.changes)
    assert waves[0].awaits == (Await("Namespace//app"),)
    assert not any(wave.awaits for wave in waves[1:])


def test_a_workload_with_a_claim_is_a_data_store() -> None:
    store = deployment("minio", volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "minio"}}])
    waves = in_waves([change(deployment()), change(store)], revision("1", deployment(), store))
    assert [wave.title for wave in waves] == ["data stores", "workloads"]


def test_phases_come_first_and_waits_are_the_authors() -> None:
    later = config_map("later")
    new = revision(
        "1",
        later,
        job(),
        deployment(),
        phases={later.ref.key: 1},
        waits={job().ref.key: (("{.status.succeeded}", "1"),)},
    )
    waves = in_waves([change(one) for one in new.objects], new)
    assert [wave.title for wave in waves] == ["workloads", "jobs", "settings, access and services (phase 1)"]
    assert waves[1].awaits == (Await(job().ref.key, (("{.status.succeeded}", "1"),)),)


def test_nothing_is_awaited_that_is_not_applied() -> None:
    gone = change(job(), Effect.UNCHANGED, reason="not run again: it ran")
    new = revision("1", job(), waits={job().ref.key: (("ready", "true"),)})
    assert in_waves([gone], new)[0].awaits == ()


def back(
    forward: ObjectChange, old: tuple[KubeObject, ...] = (), new: tuple[KubeObject, ...] = ()
) -> tuple[Effect, str] | None:
    found = undone([forward], {one.ref.key: one for one in old}, {one.ref.key: one for one in new})
    return (found[0].effect, found[0].reason) if found else None


def test_the_way_back() -> None:
    settings = config_map()
    assert back(change(settings), new=(settings,)) == (Effect.PRUNE, "the old revision does not have it")
    assert back(change(settings, Effect.PRUNE), old=(settings,)) == (Effect.CREATE, "")
    assert back(change(settings, Effect.PATCH), old=(settings,), new=(settings,)) == (Effect.PATCH, "")
    assert back(change(settings, Effect.UNCHANGED), old=(settings,), new=(settings,)) == (Effect.UNCHANGED, "")
    assert back(change(deployment(), Effect.FORBIDDEN), old=(deployment(),)) is None
    assert back(change(claim(), Effect.KEEP), old=(claim(),)) is None
    assert back(change(settings, Effect.PRUNE)) is None
    assert back(change(settings, Effect.PATCH), new=(settings,)) is None


def test_on_the_way_back_a_created_claim_stays_and_a_job_is_not_run_again() -> None:
    kept = back(change(claim()), new=(claim(),))
    assert kept is not None
    assert kept[0] is Effect.KEEP
    for effect in (Effect.CREATE, Effect.RECREATE):
        removed = back(change(job(), effect), old=(job(),), new=(job(),))
        assert removed is not None
        assert removed[0] is Effect.PRUNE
        assert "not run again" in removed[1]
    undone_removal = back(change(job(), Effect.PRUNE), old=(job(),))
    assert undone_removal is not None
    assert undone_removal[0] is Effect.UNCHANGED
    assert undone_removal[1].startswith("not run again")
    rerun = with_(job(), {ON_ROLLBACK: "run"}, "metadata", "annotations")
    assert back(change(job(), Effect.RECREATE), old=(rerun,), new=(job(),)) == (Effect.RECREATE, "")
    assert back(change(job(), Effect.UNCHANGED), old=(job(),), new=(job(),)) == (Effect.UNCHANGED, "")


def test_what_a_rollback_leaves_although_the_run_made_it() -> None:
    definition = obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", "ts.x", namespace=None, spec={})
    greedy = stateful_set(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"})
    expected = [
        (claim(), Effect.KEEP),
        (NAMESPACE_OBJECT, Effect.KEEP),
        (definition, Effect.KEEP),
        (greedy, Effect.KEEP),
        (stateful_set(), Effect.PRUNE),
        (deployment(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "c"}}]), Effect.PRUNE),
    ]
    found = [back(change(one), new=(one,)) for one, _ in expected]
    assert [one[0] for one in found if one] == [effect for _, effect in expected]
