"""Changeover: updates for the applications that people host themselves on Kubernetes."""

__version__ = "0.1.0"
