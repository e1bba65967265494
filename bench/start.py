"""Start of the command line (``changeover --help``) against kubectl's (``kubectl version --client``), in turns."""

import sys

from bench import figures, gitpod


def measure(rounds: int) -> figures.Figure:
    """Take turns; the first is not counted."""
    ours, theirs = [sys.executable, "-m", "changeover", "--help"], [gitpod.kubectl(), "version", "--client"]
    turns = [(gitpod.timed(ours, "")[0], gitpod.timed(theirs, "")[0]) for _ in range(rounds + 1)][1:]
    return figures.compared("changeover --help", "kubectl version --client", turns)
