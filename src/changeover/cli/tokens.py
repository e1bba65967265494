"""Commands about tokens for the console's API: token create, list, revoke."""

from __future__ import annotations

import click

from changeover.cli import output
from changeover.cli.options import Where, located, run
from changeover.cli.users import ROLES


@click.group()
def token() -> None:
    """Tokens with which programs use the console's API in a person's name."""


@token.command("create")
@located
@click.argument("account")
@click.option("--role", type=click.Choice(ROLES), help="Less than the account's own role.")
@click.option("--days", type=int, default=90, show_default=True, help="How long it lasts.")
@click.option("--purpose", default="", help="What it is for, in words.")
@click.pass_obj
def create(where: Where, account: str, role: str | None, days: int, purpose: str) -> None:
    """Make a token for an account; it is shown once."""
    from changeover.actions.accounts import Role
    from changeover.actions.tokens import Tokens, Wanted

    wanted = Wanted(account, Role.of(role) if role else None, days, purpose)
    made, text = run(where, lambda outside: Tokens(outside).create(wanted))
    if where.json:
        output.show_json({**made.as_json(), "token": text})
        return
    click.echo(f"Token {made.id} acts as {made.account} in the role {made.role.word} until {made.until}.")
    click.echo(f"Shown only now: {text}")


@token.command("list")
@located
@click.pass_obj
def list_tokens(where: Where) -> None:
    """Every token: whose it is, what it may, until when."""
    from changeover.actions.tokens import Tokens

    found = run(where, lambda outside: Tokens(outside).listed())
    if where.json:
        output.show_json([one.as_json() for one in found])
    elif found:
        rows = ((one.id, one.account, one.role.word, one.until[:10], one.purpose) for one in found)
        output.show_table(rows, head=("token", "account", "role", "until", "purpose"))
    else:
        click.echo("There is no token: `changeover token create ACCOUNT` makes one.")


@token.command("revoke")
@located
@click.argument("token_id", metavar="ID")
@click.pass_obj
def revoke(where: Where, token_id: str) -> None:
    """End a token at once."""
    from changeover.actions.tokens import Tokens

    run(where, lambda outside: Tokens(outside).revoke(token_id))
    if where.json:
        output.show_json({"id": token_id})
    else:
        click.echo(f"Token {token_id} opens nothing any more.")
