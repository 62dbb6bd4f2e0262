"""Anti-infective advice: the cause is treated first, by its type. One file per pathogen in `pathogens/`."""
