"""``greenroom completion``: what a shell needs to complete the commands and their options."""

import click
from click.shell_completion import get_completion_class

from server.commands.examples import examples

VARIABLE = "_GREENROOM_COMPLETE"
"""What click looks for in the environment when a shell asks it."""


@click.command(
    epilog=examples(
        "greenroom completion bash > ~/.local/share/bash-completion/completions/greenroom",
        "greenroom completion zsh > ~/.zfunc/_greenroom      # with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc",
        "greenroom completion fish > ~/.config/fish/completions/greenroom.fish",
        'eval "$(greenroom completion bash)"                 # for this shell alone',
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that has SHELL complete greenroom's commands and options.

    Put it where the shell looks for such scripts, and start a new one. `greenroom` must be on the PATH.
    """
    group = context.find_root().command
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the shells that may be chosen"
    click.echo(kind(group, {}, "greenroom", VARIABLE).source())
