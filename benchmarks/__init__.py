"""How fast, how small, how quiet: measured in one run, beside what people would use instead.

``make benchmarks`` runs all of it and writes the table into docs/performance.md. Nothing here is a test:
a figure that depends on the machine is shown, never asserted.
"""
