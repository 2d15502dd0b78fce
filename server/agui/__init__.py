"""AG-UI beside the socket: runs told as its events, over HTTP. Needs the extra ``greenroom[agui]``."""
