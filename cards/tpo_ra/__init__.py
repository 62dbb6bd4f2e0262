"""Thrombopoietin receptor agonists: when to discuss them, when they are not needed, what forbids them."""
