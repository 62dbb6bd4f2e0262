"""What is kept in the database: shown and silent cards, feedback, used token ids. No values and no text of records.

SQLite by default, PostgreSQL for more than one machine. SQLAlchemy is imported when a store is opened, not before.
"""
