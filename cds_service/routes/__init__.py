"""HTTP: thin routes, each of which calls one function of the service."""
