"""The HTTP side of the wire: who connects, the requests of a connection, and the upgrade to a socket."""
