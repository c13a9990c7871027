"""How Opora is run: images, district settings, the local runner, simulators."""
