"""Which releases there are, and what is particular about each."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spec:
    """One release; the flags are read by `manifests` and `documents`."""

    version: str
    notes: str
    schema: int = 1
    instance: str = "workbench"
    components: tuple[str, ...] = ()
    """Extra stateless components beside the proxy, dashboard, manager, agent, store, db and cache."""
    gated_secret: bool = False
    migration_env: dict[str, str] = field(default_factory=dict)
    cache_size: str = "8Gi"
    noise: str = ""
    image_tag: str = ""
    broken_readiness: bool = False
    quota: bool = False
    session_check: bool = True
    required: bool = False


SERIES = (
    Spec("2022.07.1", "The first release of the series.", instance="Workbench", quota=True, session_check=False),
    Spec("2022.08.0", "Labels were tidied up: selectors of the data stores change.", session_check=False),
    Spec("2022.09.0", "Adds the editor service; a preflight looks for running workspaces.", components=("editor",)),
    Spec("2022.09.2", "Configuration only: proxy settings must be enabled.", components=("editor",), gated_secret=True),
    Spec(
        "2022.10.2",
        "Migrations take their time-out from the environment.",
        components=("editor",),
        gated_secret=True,
        migration_env={"WB_TIMEOUT": "300"},
    ),
    Spec(
        "2022.11.0",
        "Adds the public API; the cache grows to 10Gi.",
        components=("editor", "public-api"),
        gated_secret=True,
        migration_env={"WB_TIMEOUT": "300"},
        cache_size="10Gi",
    ),
    Spec(
        "2022.11.3",
        "Rebuilt; nothing changes but metadata.",
        components=("editor", "public-api"),
        gated_secret=True,
        migration_env={"WB_TIMEOUT": "300"},
        cache_size="10Gi",
        noise="2022.11.3",
    ),
    Spec(
        "2022.12.0",
        "The database moves to schema 2; earlier releases cannot read it.",
        schema=2,
        components=("editor", "public-api"),
        gated_secret=True,
        migration_env={"WB_TIMEOUT": "300"},
        cache_size="10Gi",
    ),
    Spec(
        "2022.12.1",
        "Broken on purpose: an image that cannot be pulled.",
        schema=2,
        components=("editor", "public-api"),
        gated_secret=True,
        migration_env={"WB_TIMEOUT": "300"},
        cache_size="10Gi",
        image_tag="never-built",
    ),
    Spec(
        "2022.12.2",
        "Broken on purpose: never becomes ready.",
        schema=2,
        components=("editor", "public-api"),
        gated_secret=True,
        migration_env={"WB_TIMEOUT": "300"},
        cache_size="10Gi",
        broken_readiness=True,
    ),
)
