"""Real Kubernetes on this machine, for trying and testing: builds, starts and stops kubebox clusters."""

from .cluster import Cluster, clusters, find, start
from .objects import Nodes
from .problem import KubeboxProblem

__all__ = ["Cluster", "KubeboxProblem", "Nodes", "clusters", "find", "start"]
