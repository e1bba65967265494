"""Commands about a second person's yes: approve a plan; approvals list, require."""

from __future__ import annotations

from typing import Any

import click

from changeover.cli import asking, output
from changeover.cli.change import look_ahead, parameter_options
from changeover.cli.options import Where, agree, installation_option, located, run


@click.command()
@click.argument("digest", default="")
@located
@click.option("--to", "version", default="", help="Release; the newest otherwise.")
@click.option("--reason", default="", help="Why, in words; it stands in the approval.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@parameter_options
@installation_option
@click.pass_obj
def approve(where: Where, /, digest: str, installation: str, reason: str, yes: bool, **chosen: Any) -> None:
    """Show the plan that somebody else wants to run, and say yes to it. DIGEST: only if it is that one."""
    from changeover.actions import approving

    prepared = look_ahead(where, installation, asking.ask("update", **chosen))
    if not where.json:
        asking.show_plan(where, prepared)
    if digest and digest != prepared.plan.digest:
        raise asking.OtherPlan(
            "The plan is not the one that was named.",
            found=prepared.plan.digest,
            hint="read the new plan; something changed since the other one was made, or the options are others",
        )
    agree("\nApprove this plan?", yes=yes)
    made = run(where, lambda outside: approving.approve(outside, prepared, reason=reason))
    if where.json:
        output.show_json(made.as_json())
    else:
        click.echo(f"Approved by {made.by} until {made.expires}; another person begins it.")


@click.group()
def approvals() -> None:
    """Whether updates wait for a second person's yes, and who said it."""


@approvals.command("list")
@located
@installation_option
@click.pass_obj
def list_approvals(where: Where, installation: str) -> None:
    """Approvals that hold now."""
    from changeover.actions import approving, installations
    from changeover.actions.outside import Outside

    async def look(outside: Outside) -> Any:
        followed = await installations.find(outside, installation)
        return approving.required(followed), await approving.listed(outside, followed)

    needed, found = run(where, look)
    if where.json:
        output.show_json({"required": needed, "approvals": [one.as_json() for one in found]})
        return
    click.echo(
        f"An update needs the yes of {needed} other{'s' * (needed > 1)}." if needed else "No update waits for approval."
    )
    output.show_table(((one.by, one.plan, one.expires, one.reason) for one in found), head=("by", "plan", "until", ""))


@approvals.command("require")
@located
@click.argument("persons", type=click.IntRange(0, 5))
@click.option("--hours", type=click.IntRange(1, 720), default=24, show_default=True, help="How long an approval holds.")
@installation_option
@click.pass_obj
def require(where: Where, persons: int, hours: int, installation: str) -> None:
    """Let each update wait for the yes of so many other people; 0 for nobody's."""
    from changeover.actions import approving

    run(where, lambda outside: approving.require(outside, installation, persons=persons, hours=hours))
    if where.json:
        output.show_json({"required": persons, "validHours": hours})
    else:
        click.echo(
            f"Updates wait for {persons} approval{'s' * (persons > 1)} from now on."
            if persons
            else "Updates wait for nobody."
        )
