"""What is said where a private place of another library has moved."""


def moved(seam, file):
    """Say which seam it is, and which file depends on it: whoever raises a pin then knows where to look."""
    return f"{seam} isn't what actors/runtime/{file} relies on"
