"""Commands about the console's accounts: users list, add, role, remove; reset-password."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from changeover.cli import output
from changeover.cli.options import Where, agree, located, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from changeover.actions.outside import Outside

ROLES = ("viewer", "operator", "approver", "admin")
_typed = click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else one is made.")


@click.group()
def users() -> None:
    """Who may use the console, and in which role."""


@users.command("list")
@located
@click.pass_obj
def list_accounts(where: Where) -> None:
    """Every account with its role."""
    from changeover.actions import accounts

    found = run(where, accounts.listed)
    if where.json:
        output.show_json([one.as_json() for one in found.values()])
    elif found:
        rows = ((one.name, one.role.word, one.since[:10]) for one in found.values())
        output.show_table(rows, head=("name", "role", "since"))
    else:
        click.echo("There is no account yet: the console makes the first one when it starts.")


@users.command("add")
@located
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="viewer", show_default=True)
@_typed
@click.pass_obj
def add(where: Where, name: str, role: str, password_stdin: bool) -> None:
    """Make an account; its password is shown once."""
    from changeover.actions import accounts

    chosen = _password(password_stdin)
    made = run(where, lambda outside: accounts.add(outside, name, accounts.Role.of(role), password=chosen))
    _tell(where, name, made, f"{name} may sign in as {role}.")


@users.command("role")
@located
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.pass_obj
def role_(where: Where, name: str, role: str) -> None:
    """Give an account another role; its sessions end."""
    from changeover.actions import accounts

    _done(where, name, lambda outside: accounts.change_role(outside, name, accounts.Role.of(role)), f"is {role} now")


@users.command("remove")
@located
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(where: Where, name: str, yes: bool) -> None:
    """Take an account away; its sessions end."""
    from changeover.actions import accounts

    agree(f"Remove the account {name}?", yes=yes)
    _done(where, name, lambda outside: accounts.remove(outside, name), "may no longer sign in")


@click.command("reset-password")
@located
@click.argument("name", default="admin")
@_typed
@click.pass_obj
def reset_password(where: Where, name: str, password_stdin: bool) -> None:
    """Give an account another password, shown once; its sessions end, its lock-out too."""
    from changeover.actions import accounts

    chosen = _password(password_stdin)
    made = run(where, lambda outside: accounts.reset_password(outside, name, password=chosen))
    _tell(where, name, made, f"{name} has another password; sessions of before are over.")


def _password(asked: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if asked else ""


def _tell(where: Where, name: str, made: str, words: str) -> None:
    if where.json:
        output.show_json({"name": name, "password": made or None})
        return
    click.echo(words)
    if made:
        click.echo(f"Password, shown only now: {made}")


def _done(where: Where, name: str, action: Callable[[Outside], Awaitable[None]], words: str) -> None:
    run(where, action)
    if where.json:
        output.show_json({"name": name})
    else:
        click.echo(f"{name} {words}.")
