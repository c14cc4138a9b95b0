"""The `model-districts` command: every command it has, and how an error is told."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.commands import exports, imports, keys, serving, sources, upkeep
from app.engines.failures import reason_of
from app.errors import Invalid, Refusal, Unavailable
from app.terminal import print_failure, print_faults

cli = typer.Typer(
    name="model-districts",
    help="Model Districts: an open directory of US school districts that use the community school "
    "strategy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
key_commands = typer.Typer(help="Keys of editors, reviewers and admins.", no_args_is_help=True)
source_commands = typer.Typer(
    help="Whether the sources that case studies cite can still be read.", no_args_is_help=True
)
for commands, name, command in (
    (cli, "serve", serving.serve),
    (cli, "migrate", serving.migrate),
    (cli, "seed", serving.seed),
    (cli, "export", exports.export),
    (cli, "coverage", exports.print_coverage),
    (cli, "import", imports.import_),
    (cli, "backup", upkeep.back_up),
    (cli, "restore", upkeep.restore),
    (cli, "snapshot", upkeep.snapshot),
    (cli, "verify", upkeep.verify),
    (key_commands, "create", keys.create_key),
    (key_commands, "list", keys.list_keys),
    (key_commands, "revoke", keys.revoke_key),
    (source_commands, "check", sources.check_sources),
):
    commands.command(name)(command)
cli.add_typer(key_commands, name="keys")
cli.add_typer(source_commands, name="sources")


def main() -> None:
    """Run the command. An error is printed in plain words, and the exit code is 1."""
    try:
        cli()
    except Invalid as invalid:
        print_faults(invalid.faults)
        sys.exit(1)
    except Refusal as refusal:
        print_failure(_in_words(refusal))
        sys.exit(1)
    except ValidationError as error:  # of the settings: everything else raises Invalid
        for fault in error.errors():
            name = "/".join(map(str, fault["loc"])).upper()
            print_failure(f"{name}: {fault['msg'].removeprefix('Value error, ')}")
        sys.exit(1)
    except DBAPIError as error:
        print_failure(
            f"The database cannot be used: {reason_of(error)}. "
            "If it has no tables yet, run `model-districts migrate`."
        )
        sys.exit(1)
    except OSError as error:
        print_failure(str(error))
        sys.exit(1)


def _in_words(refusal: Refusal) -> str:
    """A refusal with what the driver said of it: it is the operator who reads this."""
    cause = refusal.__cause__
    if isinstance(refusal, Unavailable) and isinstance(cause, DBAPIError):
        return f"{refusal} The driver says: {reason_of(cause)}."
    return str(refusal)


def _print_version(is_asked_for: bool) -> None:
    if is_asked_for:
        typer.echo(f"model-districts {version('model-districts')}")
        raise typer.Exit


@cli.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options of every command."""
