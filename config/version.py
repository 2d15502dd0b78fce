"""The version of Greenroom, stated once."""

VERSION = "0.1.0"
