"""Names and limits that several stages agree on. Nothing here is read from the environment."""

from __future__ import annotations

from changeover.objects import GROUP

RUN_LABEL = f"{GROUP}/run"
"""On everything that a run makes: the name of its Changeover object."""

EXECUTOR_LABEL = f"{GROUP}/executor"
"""On the Job, and its pods, that carries a run out inside the cluster."""

INSTALLATION_LABEL = f"{GROUP}/installation"
"""On state objects (journal, blobs, evidence): the Installation's name."""

RECEIPT_FINALIZER = f"{GROUP}/receipt"
"""Keeps a stopped session's pod until its receipt is in the journal (design §5)."""

STEP_ANNOTATION = f"{GROUP}/step"
"""Idempotency key on objects that a step creates (mover pods, probe Jobs)."""

REQUEST_ANNOTATION = f"{GROUP}/request"
"""On a Changeover object: what a person asks of the run.

JSON ``{"id", "do", "by", ...}`` with do = pause | resume | abort | answer.
"""

ADDRESS_ANNOTATION = f"{GROUP}/address"
"""On a Service: the address under which users reach it (``https://app.example.com``), when its status does not say."""

GATE_POLICY = "changeover-gate"
"""Name of the ValidatingAdmissionPolicy, of its binding, and of the ConfigMap that closes the gate of a namespace."""

SCALED_ANNOTATION = f"{GROUP}/replicas-before"
"""On a workload that a step scaled down: the replicas it had."""

LIGHT = f"{GROUP}/light"
"""In a clusterResources collector of ours: only the lists, without logs, rights and custom resources."""

IMAGE = f"{GROUP}/image"
"""In a collector that looks at each node: the product's image, which runs there."""

SKIPPED_FILE = "skipped-collectors.json"
"""In a support bundle: the collectors that were not begun, and why."""

APPLYSET_PART_OF = "applyset.kubernetes.io/part-of"
APPLYSET_ID = "applyset.kubernetes.io/id"

LEASE_SECONDS = 15
"""How long a lease lasts; a holder acts only while more than a request's time-out plus 2 s of it is left."""

REQUEST_SECONDS = 5
"""Time-out of one request to the API server that changes something."""

PARALLEL = 16
"""Requests to the API server at a time."""

SEGMENT_BYTES = 64 * 1024
BLOB_BYTES = 512 * 1024
STATUS_BYTES = 16 * 1024
KEEP_RUNS = 20
HEALTHY_HOLD_SECONDS = 30.0

CARRIER_LABEL = f"{GROUP}/carried-by"
"""On a Changeover object: ``console`` = a console in the cluster executes it, whichever replica lives."""

CONSOLE_LABEL = f"{GROUP}/console"
"""On what the console keeps in the cluster: what it is (accounts)."""

OBSERVER, ENGINE, DEPLOYER = ACCOUNTS = ("changeover-observer", "changeover-engine", "changeover-deployer")
"""The ServiceAccounts of the cluster: one reads, one keeps Changeover's own books, one changes the application.

Pods run as the engine, which may speak as the other two of its namespace and as nobody else's.
"""
