"""Who calls: the signed tokens of CDS Hooks clients (JWT), checked with PyJWT and never with crypto of our own.

A request passes `guard.py`, which asks `gate.py`: the token is read (`tokens.py`), its key found (`key_sets.py`), its
signature and claims checked (`claims.py`), its id used up (`jti.py`). What fails is told to the log and to nobody else.
"""
