"""The PACS page: the archive's connection, its studies, results back into it, and how the watcher stands."""
