"""plain: apply in waves and wait. For installs, and for applications without users.

window → check again → apply wave by wave, awaiting what later waves need → healthy → probes → soak → record. It soaks only
when asked to.
"""

from __future__ import annotations

from changeover.plan.steps import Step, Steps
from changeover.plan.strategy import Situation
from changeover.strategies import listing, wayback


class Plain:
    """Change the application while it serves, and wait until it is healthy."""

    name = "plain"

    def steps(self, situation: Situation) -> Steps:
        """List the change and what undoes it."""
        new, old = situation.new, situation.old
        soak = situation.parameters.soak_seconds or 0
        change: list[Step] = []
        waves: list[Step] = []
        for wave in situation.waves:
            inside = listing.change_steps(wave, new.digest, old_revision=old.digest if old else "")
            change += inside
            waves += [*inside, *listing.wait_wave(wave, new.digest)]
        forward = [
            *listing.wait_window(situation, seconds=situation.estimates.change_seconds + soak),
            listing.recheck("recheck", "Check that the plan still holds"),
            *waves,
            listing.wait_healthy(new, situation),
            *(listing.probe(one, new.version) for one in situation.profile.probes),
            *listing.soak(situation, soak),
            listing.record(new.digest, f"Record that {new.version or 'nothing'} runs"),
        ]
        done = wayback.Forward(tuple(change))
        back = [
            *wayback.objects_back(situation, done),
            *wayback.verified_back(situation, tuple(step.id for step in change)),
            wayback.recorded_back(situation),
        ]
        return Steps(wayback.point_of_no_return(situation, forward, backups=False), tuple(back))
