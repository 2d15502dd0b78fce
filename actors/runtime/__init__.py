"""Supervised pykka actors on gevent; knows nothing of sessions, agents or sockets."""
