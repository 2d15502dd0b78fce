"""Tools: plain blocking functions that an agent may call, and the ones that ship."""

from actors.tools.errors import BadArguments, ToolFailed
from actors.tools.lending import Resource, ToolUser
from actors.tools.tool import Call, Tool, tool

__all__ = ["BadArguments", "Call", "Resource", "Tool", "ToolFailed", "ToolUser", "tool"]
