"""The library: a folder of documents, cut into passages and indexed."""
