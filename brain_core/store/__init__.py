"""The prediction store: what was predicted, what readers say of it, and the scans kept for learning.

SQLite below ``BRAIN_HOME``, or PostgreSQL where ``BRAIN_DATABASE_URL`` says so. The modules bring SQLAlchemy and are
imported by name: ``from brain_core.store import predictions``.
"""
