"""The end of a command's help: what somebody would type."""


def examples(*lines: str) -> str:
    r"""Return the epilog with these lines as they are; click wraps what isn't behind a `\b`."""
    return "\n".join(["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {line}" for line in lines)])
