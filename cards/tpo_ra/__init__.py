"""Thrombopoietin receptor agonists: when they may be discussed, when they are not needed, when they must not be used."""
