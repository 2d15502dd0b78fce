"""The routes: logins, sessions, operations, health and the pages, and what describes them."""
