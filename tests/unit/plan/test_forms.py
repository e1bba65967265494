"""What one version leaves another: who refuses what."""

import pytest

from changeover import __version__
from changeover.plan import forms
from changeover.plan.forms import FORM, NewerVersion
from changeover.plan.steps import Phase, Step, Verb
from changeover.runs.state import fold


@pytest.mark.parametrize("marked", ["", forms.mark(), f"{FORM}/99.0.0", "0/0.0.1"])
def test_what_an_earlier_version_or_this_one_made_is_gone_on_with(marked: str) -> None:
    forms.refuse_newer(marked, "letters-2")


def test_a_later_form_is_refused_with_the_version_that_can() -> None:
    with pytest.raises(NewerVersion, match="letters-2") as told:
        forms.refuse_newer(f"{FORM + 1}/99.0.0", "letters-2")
    assert f"of version 99.0.0; this is version {__version__}" in str(told.value.found)


@pytest.mark.parametrize(("key", "known"), [("verb", Verb), ("phase", Phase)])
def test_a_step_that_we_do_not_know_is_refused(key: str, known: type) -> None:
    written = Step("a", Verb.APPLY, "Do a", Phase.CHANGE).as_json()
    assert isinstance(getattr(Step.from_json(written), key), known)
    with pytest.raises(NewerVersion, match="Step a") as told:
        Step.from_json({**written, key: "ponder"})
    assert told.value.found == f"{key} 'ponder'"


def test_the_journal_says_who_carried_the_run_and_what_we_do_not_know() -> None:
    opened = {"event": "opened", "plan": "sha256:p", "made": "1/0.1.0"}
    state = fold([opened, {"event": "taken", "made": "1/0.1.0"}, {"event": "taken", "made": "1/0.2.0"}])
    assert (state.made, state.unknown) == (("1/0.1.0", "1/0.2.0"), ())
    assert fold([{"event": "pondered"}], state).unknown == ("pondered",)
    assert fold([{"event": "taken"}, {"event": "captured", "data": {}}]).made == (), "of before they said so"
