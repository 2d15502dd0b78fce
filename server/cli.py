"""The command line: ``greenroom``, a group of one command a module."""

import click

from config.version import VERSION
from server.commands.agents import agents
from server.commands.chat import chat
from server.commands.completion import completion
from server.commands.config import config
from server.commands.faults import faults
from server.commands.journal import journal
from server.commands.serve import serve
from server.commands.tree import tree
from server.commands.users import users


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="greenroom")
def greenroom() -> None:
    """Serve sessions with AI agents, and look after the server that does.

    Settings come from defaults, a TOML file, GREENROOM_* variables and flags, the later ones winning;
    `greenroom config` shows each with the place that it came from.
    """


greenroom.add_command(serve)
greenroom.add_command(users)
greenroom.add_command(chat)
greenroom.add_command(journal)
greenroom.add_command(config)
greenroom.add_command(agents)
greenroom.add_command(faults)
greenroom.add_command(tree)
greenroom.add_command(completion)
