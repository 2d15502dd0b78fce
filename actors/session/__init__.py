"""One user's conversation as an actor tree: its events, its log, its agent and tools, and who watches."""
