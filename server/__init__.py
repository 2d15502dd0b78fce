"""The session server: sockets, HTTP, accounts, and the log's bodies."""
