"""What a plan says about an air-gap bundle and about what a package asks of the tool that installs it."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.actions import licensing
from changeover.actions.outside import Outside
from changeover.errors import Problem
from changeover.objects import KubeObject
from changeover.package import airgap, airgap_signature
from changeover.package.airgap_signature import Judged, Verdict
from changeover.package.application import Application
from changeover.package.licence import Licence
from changeover.plan.model import Finding, Severity
from changeover.release.catalog import Release
from changeover.render.revision import Revision


class ForgedBundle(Problem):
    """An air-gap bundle whose signature is not of the licence's application; nothing of it was used."""

    reference = "forged-bundle"
    exit_code = 3


def refuse_forged(release: Release, given: licensing.Given | None) -> None:
    """Before anything of a bundle is used: raise ForgedBundle when its signature is wrong by this licence."""
    if release.airgap is None or given is None:
        return
    judged = airgap_signature.judge(release.airgap, given.checked().licence, given.keys())
    for one in _signed(judged):
        if one.severity is Severity.BLOCKS:
            raise ForgedBundle(one.message, hint=one.hint)


async def findings(
    outside: Outside, installation: KubeObject, release: Release, application: Application, *, old: Revision | None
) -> tuple[Finding, ...]:
    """Of a bundle: its registry, its licence, what must come before it. Of any package: the KOTS that it asks for."""
    found = list(_versions(application))
    if release.airgap is None:
        return tuple(found)
    given = await licensing.held(outside, installation)
    licence = given.checked().licence if given else None
    found += _signed(airgap_signature.judge(release.airgap, licence, given.keys() if given else ()))
    if not installation.get("spec", "registry", default={}):
        hint = "`changeover registry set HOST/NAMESPACE`, and `changeover images copy` fills it from the bundle"
        message = "An air-gap bundle is installed without a private registry: its images come from where they lie."
        found.append(Finding("airgap-without-registry", Severity.WARNS, message, hint=hint))
    if licence is not None:
        found += _entitled(release.airgap, licence)
    found += _first(release.airgap, licence, old)
    return tuple(found)


def _versions(application: Application) -> Iterator[Finding]:
    wanted = [
        f"{words} {version}"
        for words, version in (("at least", application.min_version), ("at most", application.target_version))
        if version
    ]
    if wanted:
        yield Finding(
            "made-for-kots",
            Severity.NOTES,
            f"The package says it needs KOTS {' and '.join(wanted)}; Changeover is no version of KOTS and ignores it.",
            hint="what the package uses is judged itself: `changeover package lint` names what is not known",
        )


def _signed(judged: Judged) -> Iterator[Finding]:
    if judged.verdict is Verdict.WRONG:
        yield Finding(
            "airgap-signature-wrong",
            Severity.BLOCKS,
            f"The bundle's signature is not of the licence's application: {judged.words}.",
            hint="get the bundle again from the vendor of the licence, or name the right licence",
        )
    elif judged.verdict is Verdict.UNCHECKED:
        yield Finding(
            "airgap-signature-unchecked",
            Severity.WARNS,
            f"Whose bundle it is could not be checked: {judged.words}.",
            hint="compare the file's SHA-256 with what the vendor says, by another way than the bundle came",
        )


def _entitled(about: airgap.Airgap, licence: Licence) -> Iterator[Finding]:
    channels = {str(one.get("channelID")) for one in licence.spec.get("channels") or () if isinstance(one, dict)}
    channels.add(str(licence.spec.get("channelID") or ""))
    if about.channel_id and about.channel_id not in channels:
        yield Finding(
            "airgap-for-another-channel",
            Severity.BLOCKS,
            f"The bundle is of channel {about.channel_name or about.channel_id}, which the licence is not for.",
            hint="ask the vendor for a bundle of your channel, or for a licence with this one",
        )
    if licence.spec.get("isAirgapSupported") is not True:
        yield Finding(
            "airgap-not-licensed", Severity.WARNS, "The licence does not say that air-gap installs are supported."
        )


def _first(about: airgap.Airgap, licence: Licence | None, old: Revision | None) -> Iterator[Finding]:
    if old is None:
        return
    running = airgap.Stop(old.version, str(old.source.get("cursor", "")))
    by_version = licence is not None and licence.channel.get("isSemverRequired") is True
    stops = airgap.missing(about, [running], by_version=by_version)
    if stops:
        yield Finding(
            "required-releases-first",
            Severity.BLOCKS,
            f"{', '.join(stop.version for stop in stops)} must be installed first.",
            found=f"{old.version} runs",
            hint="get their bundles from the vendor, and update in this order",
        )
