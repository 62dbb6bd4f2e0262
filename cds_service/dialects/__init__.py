"""How vendors' clients want to be answered, where that differs from CDS Hooks: one module per dialect.

`standard` and `sandbox` take the cards as they are. `docs/clients.md` has the table, and where each row is documented.
"""
