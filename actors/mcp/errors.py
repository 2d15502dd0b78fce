"""What ends the life of an MCP server's actor, named by whose fault it is.

::

    Exception
     └─ McpError
         ├─ McpLost     the server's, or the way's: it ended, can't be reached, or makes no sense
         └─ McpSilent   the server's: it didn't answer in time
"""


class McpError(Exception):
    """The root of what can be wrong with an MCP server."""


class McpLost(McpError):
    """There is no connection; the message says why, without anything secret."""


class McpSilent(McpError):
    """Nothing came for as long as a start, or one call, may take."""
