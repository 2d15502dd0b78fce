"""Run ``greenroom``: make the standard library cooperative, then hand over to the command line."""

from gevent import monkey

monkey.patch_all()

from gevent import config  # noqa: E402 - whatever is imported before the patch keeps the blocking library

from server.cli import greenroom  # noqa: E402 - as above

# For the hub's own jobs: passwords are hashed, and hosts looked up, by threads.
config.threadpool = "server.threads.FairThreadPool"


def main() -> None:
    """Run the command line and exit with its status."""
    greenroom(prog_name="greenroom")


if __name__ == "__main__":
    main()
