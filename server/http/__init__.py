"""The HTTP side: logins, sessions, health, and the page."""
