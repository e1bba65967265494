"""What people write about releases: the Release document in a package, and the listing of a channel.

Both are strict (unknown keys refused) and give their JSON Schema. The Release document is what Changeover asks of a
release beyond KOTS (design §6); every part of it may be left out.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from changeover.errors import Problem
from changeover.package.package import Package
from changeover.release import versions
from changeover.release.profile import Document, Profile
from changeover.release.versions import Scheme

Parsed = TypeVar("Parsed", bound=Document)


class InvalidDocument(Problem):
    """A document of ours that does not follow its schema; every wrong field is named."""

    reference = "invalid-document"


def _epochs(value: Any) -> Any:
    """``2``, ``1..2`` and ``[1, 2]`` all say which epochs are read."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    if isinstance(value, str) and ".." in value:
        first, _, last = value.partition("..")
        return (int(first), int(last)) if first.strip().isdigit() and last.strip().isdigit() else value
    return value


class Predicate(Document):
    """When something applies; all that is given must hold, and what cannot be known blocks."""

    from_: str = Field(default="", alias="from", description="range of versions that are updated from")
    answers: dict[str, str] = Field(default_factory=dict)
    check: dict[str, object] | None = Field(default=None, description="one Troubleshoot analyzer")


class Requires(Document):
    """What must be so before this release may follow."""

    from_: str = Field(default="", alias="from", description="range of versions that may be updated to this release")


class Support(Document):
    """How long the vendor stands behind a release."""

    until: date | None = None


class DataEpochs(Document):
    """Which versions of the stored data this release understands, and which one it leaves behind."""

    reads: Annotated[tuple[int, int], BeforeValidator(_epochs)]
    writes: int

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.reads[0] <= self.reads[1] <= self.writes:
            raise ValueError("reads a..b and writes must be in order, for instance reads 1..2, writes 2")
        return self


class Guide(Document):
    """One thing the operator must know or do about this release."""

    id: str
    text: str
    severity: Literal["breaking", "notice", "security"] = "notice"
    applies_when: Predicate | None = None
    check: dict[str, object] | None = Field(default=None, description="a Troubleshoot analyzer that proves it done")
    acknowledge: bool = Field(default=False, description="the operator must confirm having read it")


class ConfigChanges(Document):
    """What happened to the questions since earlier releases."""

    renames: dict[str, str] = Field(default_factory=dict, description="old item name: new item name")


class Licensing(Document):
    """Which licence this release runs with."""

    application: str = Field(default="", description="the appSlug that the licence must be for")
    key: str = Field(default="", description="RSA public key in PEM that licences are signed with")
    required: bool = Field(default=False, description="whether nothing runs without a licence")


class ReleaseDocument(Document):
    """``kind: Release``: one version, as Changeover needs to know it."""

    api_version: Literal["changeover.dev/v1alpha1"] = "changeover.dev/v1alpha1"
    kind: Literal["Release"] = "Release"
    metadata: dict[str, object] = Field(default_factory=dict)
    version: str = Field(default="", description="in quotes: 2022.10 without is the number 2022.1")
    scheme: Scheme | None = None
    requires: Requires = Requires()
    support: Support = Support()
    data: DataEpochs | None = None
    guide: tuple[Guide, ...] = ()
    config: ConfigChanges = ConfigChanges()
    licence: Licensing = Licensing()
    withdrawn: str = Field(default="", description="why nobody should use it any more; empty when it stands")
    profile: Profile | None = Field(default=None, description="parts of the Profile where this version differs")

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.version and self.scheme:
            versions.parse(self.version, self.scheme)
        return self


class ChannelRelease(Document):
    """One line of a channel's listing."""

    version: str
    cursor: int = Field(ge=0, description="place in the channel; grows with every release")
    package: str = Field(description="path of the .tgz, .yaml or folder, relative to channel.yaml")
    required: bool = False
    notes: str = ""
    created_at: datetime | None = None
    sha256: str = Field(default="", description="of the package file, hexadecimal; checked when given")
    requires: Requires = Requires()
    support: Support = Support()
    withdrawn: str = ""


class ChannelDocument(Document):
    """``channel.yaml``: the releases of a channel."""

    api_version: Literal["changeover.dev/v1alpha1"] = "changeover.dev/v1alpha1"
    kind: Literal["Channel"] = "Channel"
    metadata: dict[str, object] = Field(default_factory=dict)
    scheme: Scheme | None = None
    releases: tuple[ChannelRelease, ...] = ()


def parse(model: type[Parsed], data: object, *, source: str) -> Parsed:
    """Validate what people wrote. Raises InvalidDocument with every wrong field in one message."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, item['loc'])) or 'document'}: {item['msg']}" for item in error.errors()]
        raise InvalidDocument(
            f"{source} does not follow the schema of {model.__name__.removesuffix('Document')}.",
            found="; ".join(wrong),
            hint="changeover package lint shows the schema; texts that look like numbers need quotes",
        ) from None


def release_of(package: Package) -> ReleaseDocument:
    """The package's Release document, or an empty one that claims nothing. Raises InvalidDocument."""
    found = package.first("Release", "changeover.dev/")
    if found is None:
        return ReleaseDocument(version=package.own_version)
    return parse(ReleaseDocument, found.data, source=found.where)


def schema() -> dict[str, Any]:
    """The JSON Schema of the Release document."""
    return ReleaseDocument.model_json_schema(by_alias=True)
