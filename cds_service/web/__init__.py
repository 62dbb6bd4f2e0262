"""Pages for people: plain, honest, without scripts."""
