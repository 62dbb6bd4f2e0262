"""Pages for people: rendered here, with little JavaScript in files of its own and nothing from another host."""
