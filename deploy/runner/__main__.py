"""The runner's commands, behind `make up`, `make down` and `make token`."""

import os
import signal
import sys
import time
from typing import Annotated

import typer
from rich.console import Console

from deploy.runner.broker import require_scripts
from deploy.runner.errors import RunnerError
from deploy.runner.logs import MergedLog
from deploy.runner.processes import STOP_SECONDS, marked
from deploy.runner.servers import Servers, data_dir_of, lock_of
from deploy.runner.system import System
from deploy.runner.tokens import Credentials
from deploy.services import DISTRICT

UP = "up"

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
console = Console(highlight=False)


@app.command()
def up() -> None:
    """Start the whole system and stay, with one log of all programs, until Ctrl-C or `down`."""
    _stay(System(UP, fresh=False))


@app.command()
def servers(name: str = "servers") -> None:
    """Start broker and database alone and stay; for debugging."""
    _stay(Servers(name))


@app.command()
def prepare() -> None:
    """Install what is missing, so that tests do not wait for it within their time limit."""
    if not os.environ.get("OPORA_AMQP_URL"):
        require_scripts()


@app.command()
def down() -> None:
    """End what `up` started, from another terminal; return when it is gone."""
    lock = lock_of(UP)
    holder = lock.holder()
    if holder is None:
        console.print("Nothing is up.")
        return
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS + 10
    while lock.holder() is not None or marked(data_dir_of(UP)):
        if time.monotonic() > deadline:
            raise RunnerError(f"process {holder} was told to stop and has not; see .local/{UP}/log")
        time.sleep(0.1)
    console.print("Everything is stopped.")


@app.command()
def token(
    role: Annotated[str, typer.Option(help="One role, or several with commas between")],
    org: Annotated[str | None, typer.Option(help="The organization it acts for")] = None,
    district: Annotated[str | None, typer.Option(help="By default the district served")] = None,
    subject: Annotated[str | None, typer.Option(help="Who it is issued to")] = None,
    hours: Annotated[int, typer.Option(help="How long it is valid")] = 24,
    name: Annotated[
        str, typer.Option(envvar="OPORA_SYSTEM", help="The system whose key signs it")
    ] = UP,
) -> None:
    """Print an access token, and nothing else, on standard output."""
    roles = [part.strip() for part in role.split(",") if part.strip()]
    if not roles:
        raise typer.BadParameter("name at least one role", param_hint="--role")
    credentials = Credentials(data_dir_of(name) / "credentials")
    print(
        credentials.token(
            *roles,
            org=org or None,
            district=district or os.environ.get("OPORA_DISTRICT") or DISTRICT,
            subject=subject or None,
            seconds=hours * 3600,
        )
    )


def _stay(system: Servers) -> None:
    console.print("Starting ...")
    try:
        with system:
            _print_addresses(system)
            log = MergedLog(console, system.log_dir, system.running.names)
            while system.running.alive():
                log.print_new()
                time.sleep(0.2)
        raise RunnerError(f"supervisor ended by itself; see .local/{system.name}/log")
    except KeyboardInterrupt:
        console.print("Everything is stopped.")


def _print_addresses(system: Servers) -> None:
    addresses = {"broker": system.amqp_url, "database": system.mongo_url}
    if isinstance(system, System):
        addresses |= system.urls
    for name, url in addresses.items():
        console.print(f"  {name:<14} {url}", soft_wrap=True)
    console.print("Up. Ctrl-C ends it" + (", so does `make down`." if system.name == UP else "."))


def main() -> None:
    """Run a command; what the runner expects to go wrong is a message, not a trace."""
    try:
        app()
    except RunnerError as error:
        print(f"opora: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
