"""What clinicians did with cards: entries read (`entries.py`), held against their cards and kept (`keeping.py`)."""
