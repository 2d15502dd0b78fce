"""Tools of MCP servers: each server is a supervised actor, which owns the process that talks to it.

::

    mcp             supervisor; lets one rest that fails too often
     ├─ mcp/files   ──stdin, stdout──  a process with the MCP library  ──stdio──  the server's command
     └─ mcp/search  ──stdin, stdout──  a process with the MCP library  ──HTTP───  the server's URL
"""
