"""Stand-ins for the outside parties on one machine: the Pension Fund's gateway and a hospital.

They are as unreliable as the real ones, but always in the same way: what fails, what comes twice
and how long it takes follows from the id and a seed.
"""
