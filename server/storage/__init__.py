"""What a server keeps in its data directory: the database, its tables, and the lock that keeps a second server out."""
