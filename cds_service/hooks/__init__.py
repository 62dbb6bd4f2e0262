"""CDS Hooks 3.0 on the wire: one module per object, JSON names by alias; 2.0 and 1.1 clients are understood too."""
