"""What we advise: facts, rules, numbers, words. Imports the standard library and itself only."""
