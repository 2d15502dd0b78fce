"""What both ends of a measurement call things."""

USERNAME = "bench"
PASSWORD = "bench-bench"  # noqa: S105 - of an account that lives as long as a measurement
TEXT = "What is the rate today?"


def session_id(number: int) -> str:
    """Return the id of the session with that number, from 0."""
    return f"s_{number:016x}"
