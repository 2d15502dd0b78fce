"""Run ``greenroom``: make the standard library cooperative, then hand over to the command line."""

from gevent import config, monkey

monkey.patch_all()
# Of the hub's own pool, which hashes passwords and looks up hosts.
config.threadpool = "server.threads.FairThreadPool"

from server.cli import greenroom  # noqa: E402 - whatever is imported before the patch keeps the blocking library


def main() -> None:
    """Run the command line and exit with its status."""
    greenroom(prog_name="greenroom")


if __name__ == "__main__":
    main()
