"""The command itself: what there is, and how it ends.

Exit codes: 0 it is so, or it is done; 1 it is not so, or it was refused and nothing was changed;
2 it could not be asked (no token, wrong words), or a service is down, so that what came of it is
not known.
"""

from __future__ import annotations

import sys

import stamina
import typer

from deploy.operations import dead, parked
from deploy.operations.district import OperatorError
from deploy.operations.reconcile import reconcile
from deploy.operations.reemit import reemit
from deploy.operations.show import errors
from deploy.operations.standing import interventions, status
from deploy.operations.trace import trace

app = typer.Typer(
    name="opora",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Look at all services of a district, and mend what is set aside. Everything goes through"
    " their HTTP APIs with an operator's token (OPORA_TOKEN; locally none is needed) and is kept"
    " with your name and reason.",
)
app.command()(status)
app.add_typer(parked.app, name="parked")
app.add_typer(dead.app, name="dead")
app.command()(reconcile)
app.command()(reemit)
app.command()(trace)
app.command()(interventions)


def main() -> None:
    """Run a command; what goes wrong on the way is a sentence, not a trace."""
    stamina.instrumentation.set_on_retry_hooks([])  # a second try is no news
    try:
        app(prog_name="opora")
    except OperatorError as failure:
        errors.print(str(failure))
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
