"""The local runner: broker, database, simulators and services on one machine, no container."""
