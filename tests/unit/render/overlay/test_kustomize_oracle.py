"""What an overlay makes of a release is what `kubectl kustomize` makes of it, object by object, order included."""

from pathlib import Path

import pytest

from tests.kustomize import oracle, ours

BASE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {x: "1"}, finalizers: [a, b]}
spec:
  replicas: 2
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {disk: fast}
      tolerations: [{key: a, operator: Exists}]
      imagePullSecrets: [{name: one}]
      hostAliases: [{ip: 1.1.1.1, hostnames: [a]}]
      topologySpreadConstraints:
      - {topologyKey: z, whenUnsatisfiable: DoNotSchedule, maxSkew: 1, labelSelector: {matchLabels: {app: web}}}
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {topologyKey: h, labelSelector: {matchLabels: {app: web}}}
          preferredDuringSchedulingIgnoredDuringExecution:
          - {weight: 1, podAffinityTerm: {topologyKey: h, labelSelector: {matchLabels: {app: web}}}}
      initContainers:
      - {name: first, image: "registry.example.com/a/tool:1.2"}
      containers:
      - name: a
        image: web:1
        args: [x, "y"]
        resources: {limits: {cpu: "1", memory: 1Gi}}
        env: [{name: A, value: "1"}, {name: B, value: "2"}, {name: C, value: "3"}]
        envFrom: [{configMapRef: {name: x}}]
        ports: [{containerPort: 80}, {containerPort: 81, protocol: UDP, name: u}]
        volumeMounts: [{name: v, mountPath: /v}]
      - {name: b, image: "registry.example.com/b@sha256:11111111111111111111111111111111"}
      volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: db}]}}
  volumeClaimTemplates: [{metadata: {name: a}, spec: {storageClassName: x}}, {metadata: {name: b}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: agent, image: "agent:1"}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: sweep}
spec:
  schedule: "@daily"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: sweep, image: "web:1"}]}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: "web:1"}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, name: http}, {port: 53, protocol: UDP, name: dns}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
secrets: [{name: a}]
imagePullSecrets: [{name: a}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {tier: front}}
data: {a: "1", b: "2"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more, labels: {tier: back}}
data: {a: "1"}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}, {namespaceSelector: {}}]}, {}]
  egress: [{to: [{podSelector: {}}]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
webhooks:
- {name: one.example.com, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {url: "https://one"}}
- {name: two.example.com, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {url: "https://two"}}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec: {items: [{name: a, x: 1}, {name: b}], deep: {x: {k: 1}}}
"""
PATCHES = {
    "containers-by-name": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: b
        env: [{name: "N", value: "1"}]
      - name: a
        args: [z]
        env: [{name: D, value: "4"}, {name: B, value: "22"}, {name: A, $patch: delete}]
        ports: [{containerPort: 82}, {containerPort: 81, protocol: UDP, name: v}]
        volumeMounts: [{name: w, mountPath: /w}]
      - {name: c, image: "c:1"}
      volumes: [{name: v, persistentVolumeClaim: {claimName: x}}, {$patch: delete, name: w}]
""",
    "nulls-and-directives": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {new: "1"}, finalizers: [c, b], annotations: {$patch: replace, other: "2"}}
spec:
  strategy: {type: Recreate, rollingUpdate: null}
  minReadySeconds: 5
  template:
    metadata: {annotations: {deep: null, set: "1"}}
    spec:
      nodeSelector: {$patch: delete}
      tolerations: [{key: b, operator: Exists}]
      securityContext: {runAsUser: 0, fsGroup: null}
      containers:
      - name: a
        resources: {limits: {cpu: null}}
        env: [{$patch: replace}, {name: Z, value: "3"}]
        envFrom: [{secretRef: {name: "y"}}]
      - {name: b, $patch: delete}
""",
    "lists-of-pods": """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      imagePullSecrets: [{name: two}]
      hostAliases: [{ip: 1.1.1.1, hostnames: [b]}, {ip: 2.2.2.2, hostnames: [c]}]
      topologySpreadConstraints:
      - {topologyKey: z, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}
      - {topologyKey: z, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}
      initContainers: [{name: first, command: [sh]}, {name: second, image: s}]
      containers: [{name: a, env: [{$patch: delete}]}]
""",
    "a-statefulset-replaces-its-claim-templates": """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {volumeClaimTemplates: [{metadata: {name: b}, spec: {storageClassName: "y"}}]}
""",
    "jobs": """
apiVersion: batch/v1
kind: CronJob
metadata: {name: sweep}
spec: {suspend: true, jobTemplate: {spec: {template: {spec: {containers: [{name: sweep, args: [x]}]}}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {backoffLimit: 1, template: {spec: {containers: [{name: once, env: [{name: A, value: b}]}]}}}
""",
    "service-and-account": """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, ports: [{port: 443, name: https}, {port: 53, protocol: UDP, nodePort: 30053}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, annotations: {role: x}}
secrets: [{name: b}]
imagePullSecrets: [{name: b}]
""",
    "an-object-deleted-and-data-emptied": """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
$patch: delete
---
apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {a: null}
""",
    "webhooks-by-name": """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
webhooks: [{name: two.example.com, failurePolicy: Ignore}, {name: one.example.com, $patch: delete}]
""",
    "lists-of-custom-resources-are-replaced": """
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec: {items: [{name: b, x: 2}], deep: {x: {z: {}}, "y": {}, w: [], q: null}}
""",
}
KUSTOMIZATIONS = {
    "json-patches-with-targets": """
patches:
- target: {kind: Deployment, name: we.}
  patch: |-
    - {op: test, path: /spec/replicas, value: 2}
    - {op: replace, path: /spec/replicas, value: 5}
    - {op: add, path: /spec/template/spec/containers/0/args/-, value: z}
    - {op: add, path: /spec/template/spec/containers/0, value: {name: sidecar, image: side}}
    - {op: add, path: /metadata/annotations/example.com~1note, value: "it's"}
    - {op: remove, path: /spec/template/spec/nodeSelector}
    - {op: move, from: /spec/template/spec/volumes/0, path: /spec/template/spec/volumes/1}
    - {op: copy, from: /metadata/labels, path: /spec/template/metadata/annotations}
patchesJson6902:
- target: {version: v1, kind: ConfigMap, name: settings}
  patch: '[{"op": "add", "path": "/data/c", "value": "3"}]'
""",
    "one-merge-for-many": """
patches:
- target: {kind: ConfigMap, labelSelector: "tier in (front, back)"}
  patch: |-
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: whatever, annotations: {many: "1"}}
    data: {d: "4"}
- target: {group: apps, version: v1, kind: Deployment|DaemonSet}
  patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: x}
    spec: {template: {spec: {containers: [{name: a, tty: true}, {name: agent, stdin: true}]}}}
- target: {kind: ConfigMap, labelSelector: "tier!=front,tier"}
  patch: '[{"op": "remove", "path": "/data/a"}]'
""",
    "common-labels": "commonLabels: {team: red, app: ours}\n",
    "labels-without-selectors": "labels:\n- pairs: {team: red}\n- pairs: {app: ours}\n  includeTemplates: true\n",
    "labels-with-selectors": "labels:\n- pairs: {team: red}\n  includeSelectors: true\n",
    "common-annotations": 'commonAnnotations: {note: "hello", x: "2"}\n',
    "images": """
images:
- {name: web, newName: mirror.example.com/web, newTag: "2"}
- {name: registry.example.com/b, newTag: "7"}
- {name: registry.example.com/a/tool, digest: "sha256:2222222222222222222222222222222222222222222222222222222222222222"}
- {name: agent, newName: other/agent}
- {name: db, newTag: "9"}
""",
    "replicas": "replicas:\n- {name: web, count: 7}\n- {name: db, count: 0}\n",
    "all-at-once-in-kustomize-s-order": """
images: [{name: web, newTag: "2"}]
replicas: [{name: web, count: 3}]
commonLabels: {team: red}
commonAnnotations: {note: hello}
patchesJson6902:
- target: {group: apps, version: v1, kind: Deployment, name: web}
  patch: |-
    - {op: replace, path: /metadata/labels/team, value: json}
    - {op: replace, path: /spec/replicas, value: 9}
patchesStrategicMerge:
- |-
  apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, labels: {team: merge}}
  spec: {replicas: 8, template: {spec: {containers: [{name: a, image: "web:9"}]}}}
""",
}


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("field", ["patchesStrategicMerge: [patch.yaml]", "patches: [{path: patch.yaml}]"])
def test_merge_patches(tmp_path: Path, name: str, field: str) -> None:
    overlay = {"kustomization.yaml": f"resources: [../base]\n{field}\n", "patch.yaml": PATCHES[name]}
    assert ours(BASE, overlay) == oracle(tmp_path, BASE, overlay)


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_kustomizations(tmp_path: Path, name: str) -> None:
    overlay = {"kustomization.yaml": f"resources: [../base]\n{KUSTOMIZATIONS[name]}"}
    assert ours(BASE, overlay) == oracle(tmp_path, BASE, overlay)


def test_objects_of_one_s_own_take_part_in_everything(tmp_path: Path) -> None:
    added = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\ndata: {a: b}\n"
    overlay = {
        "kustomization.yaml": "bases: [../base]\nresources: [mine.yaml]\ncommonLabels: {team: red}\n",
        "mine.yaml": added,
    }
    assert ours(BASE, overlay) == oracle(tmp_path, BASE, overlay)
