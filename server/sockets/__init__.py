"""One socket a connection: who may open one, its frames, and the sessions that write to it."""
